import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { describeRef } from '../../src/api/cluster-state.ts';
import { nextExpiry, tellOfCertificates } from '../../src/translate/tell-of-certificates.ts';
import { translate } from '../../src/translate/translate.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';
import { emptyState, type Manifests, readManifests, testOptions } from './manifest-state.ts';

const base = readManifests(readFileSync(new URL('./golden-base.yaml', import.meta.url), 'utf8'), {
  state: emptyState(),
  options: testOptions,
});

/** The certificates of the tests expire in autumn 2126. */
const [today, later] = [Date.parse('2027-01-01T00:00:00Z'), Date.parse('2127-01-01T00:00:00Z')];
const withAuthHost = {
  authHost: 'auth.example.com',
  authHostCertificate: { namespace: 'entragate', name: 'auth-tls' },
};
const authTls = (fixture: string) => `---\nkeyPair: { fixture: ${fixture}, namespace: entragate, name: auth-tls }`;

/** Three Ingresses and a Policy. Only the host of `ledger` has a certificate of its own. */
const world = (further = '', options: Partial<TranslateOptions> = {}): Manifests => {
  const ingress = (name: string, annotation: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: apps, annotations: {${annotation}}}
spec:
  ingressClassName: entragate
  tls: ${name === 'ledger' ? '[{hosts: [ledger.example.com], secretName: ledger-tls}]' : '[]'}
  rules: [{host: ${name}.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}}]`;
  const text = [
    'keyPair: { fixture: ledger, namespace: apps, name: ledger-tls }',
    '{apiVersion: entragate.dev/v1alpha1, kind: Policy, metadata: {name: finance, namespace: apps}, spec: {roles: [Finance]}}',
    '{apiVersion: v1, kind: Service, metadata: {name: app, namespace: apps}, spec: {ports: [{port: 80}]}}',
    ingress('ledger', 'entragate.dev/policies: finance'),
    ingress('status', 'entragate.dev/access: public'),
    ingress('denied', ''),
  ].join('\n---\n');
  return readManifests(`${text}\n${further}`, { ...base, options: { ...base.options, ...options } });
};

function told({ state, options }: Manifests, now: number) {
  const translation = tellOfCertificates(translate(state, options), options, now);
  const { statuses, findings, warnings } = translation;
  return {
    events: Object.fromEntries(
      statuses.flatMap(({ ref, event }) => (event === null ? [] : [[ref.name, `${event.reason}: ${event.message}`]])),
    ),
    routes: statuses
      .filter(({ ref }) => ref.kind === 'Policy')
      .flatMap(({ attachedRoutes }) => attachedRoutes.map(({ name, reason, message }) => [name, reason, message])),
    expired: findings.filter(({ kind }) => kind === 'certificate-expired').map(({ ref }) => describeRef(ref)),
    warnings,
  };
}

const clean = {
  ledger: 'Programmed: Programmed; access by policy finance.',
  status: 'Programmed: Programmed; access is public, nobody signs in.',
  denied:
    'Denied: Every request is denied. The Ingress names no policy: write entragate.dev/policies, or say entragate.dev/access.',
};

describe('What Ingresses are told of certificates', () => {
  it('is nothing while they last', () => {
    const { state, options } = world(authTls('fallback'), withAuthHost);
    const translation = translate(state, options);
    assert.equal(tellOfCertificates(translation, options, today), translation);
    assert.deepEqual(told({ state, options }, today).events, clean);
  });

  it('is that browsers refuse one that has expired: the Event, the Policy and `entragate check` say so', () => {
    const { events, routes, expired, warnings } = told(world(), later);
    const ofSecret = 'The certificate in Secret ledger-tls expired at 2126-10-30T15:23:13Z: browsers refuse it.';
    const ofDefault = (name: string) =>
      `The default certificate, which ${name}.example.com has, expired at 2126-10-30T15:23:13Z: browsers refuse it.`;
    assert.deepEqual(events, {
      ledger: `ProgrammedWithProblems: Programmed; access by policy finance. ${ofSecret}`,
      status: `ProgrammedWithProblems: Programmed; access is public, nobody signs in. ${ofDefault('status')}`,
      denied: `${clean.denied} ${ofDefault('denied')}`,
    });
    assert.deepEqual(routes, [['ledger', 'ProgrammedWithProblems', ofSecret]]);
    assert.deepEqual(expired, ['Ingress apps/denied', 'Ingress apps/ledger', 'Ingress apps/status']);
    assert.deepEqual(warnings, [
      'The default certificate, Secret entragate/fallback, expired at 2126-10-30T15:23:13Z: browsers refuse it.',
    ]);
  });

  it('is that nobody can sign in where the sign-in host has none: only where users sign in, and the Secret is named to the operator alone', () => {
    const { events, routes, warnings } = told(world('', { ...withAuthHost, defaultCertificate: null }), today);
    const sentence = 'Nobody can sign in now: the certificate of the sign-in host auth.example.com is missing.';
    assert.equal(events.ledger, `ProgrammedWithProblems: Programmed; access by policy finance. ${sentence}`);
    assert.deepEqual(routes, [['ledger', 'ProgrammedWithProblems', sentence]]);
    assert.ok(!`${events.status}${events.denied}`.includes('sign in now'));
    assert.deepEqual(warnings, [
      'The certificate of the sign-in host, Secret entragate/auth-tls, does not exist or can not be read: nobody can sign in.',
    ]);
  });

  for (const [what, further, now, problem, named] of [
    ['is for other names', authTls('ledger'), today, 'does not name auth.example.com', 'Secret entragate/auth-tls'],
    ['has expired', authTls('fallback'), later, 'expired at 2126-10-30T15:23:13Z', 'Secret entragate/auth-tls'],
    ['is the default one, and has expired', '', later, 'expired at 2126-10-30T15:23:13Z', 'which is the default one'],
  ] as const) {
    it(`is that nobody can sign in where that of the sign-in host ${what}`, () => {
      const { events, warnings } = told(world(further, withAuthHost), now);
      const sentence = `Nobody can sign in now: the certificate of the sign-in host auth.example.com ${problem}.`;
      assert.ok(events.ledger?.includes(sentence) === true, JSON.stringify(events));
      assert.ok(
        warnings.includes(
          `The certificate of the sign-in host, ${named}, ${problem}: browsers refuse it, and nobody can sign in.`,
        ),
        warnings.join('\n'),
      );
    });
  }

  it('is nothing of a sign-in host for which the operator names none: something else may end TLS', () => {
    const options = { authHost: 'auth.example.com', authHostCertificate: null, defaultCertificate: null };
    assert.equal(told(world('', options), today).events.ledger, clean.ledger);
  });

  it('changes next when the next certificate expires, and at no time after the last', () => {
    const { state, options } = world();
    const translation = translate(state, options);
    const [first = 0, last = 0] = translation.expiries.map(({ notAfter }) => notAfter).toSorted((a, b) => a - b);
    assert.deepEqual(
      [today, first - 1, first, last].map((now) => nextExpiry(translation, now)),
      [first, first, last === first ? null : last, null],
    );
  });
});
