import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createIdentityView } from '../../src/identity/view.ts';
import { type Key, tableKey } from '../../src/snapshot/ids.ts';
import { Redacted } from '../../src/snapshot/redacted.ts';
import type { Entry, Host, HostPattern, Mentions, Settings, Snapshot } from '../../src/snapshot/snapshot.ts';
import { authHost, known, sampleGroup, sampleMentions, sampleProvider } from './sample-session.ts';

const exact = sampleMentions([sampleGroup(1)]);
const wildcard = sampleMentions([sampleGroup(2)]);
const any = sampleMentions([sampleGroup(3)]);
const all = sampleMentions([sampleGroup(1), sampleGroup(2), sampleGroup(3)]);

const entry = <T>(value: T): Entry<T> => ({ hash: '', value });
const host = (pattern: HostPattern, mentions: Mentions): readonly [Key, Entry<Host>] => [
  tableKey(JSON.stringify(pattern)),
  entry({ pattern, namespace: 'apps', certificate: { kind: 'default' }, routes: [], mentions }),
];

function snapshotOf(hosts: readonly (readonly [Key, Entry<Host>])[], auth: Settings['authHost']): Snapshot {
  const settings: Settings = {
    authHost: auth,
    defaultCertificate: { kind: 'none' },
    defaultIdentityProvider: 'corporate',
    ownAddresses: [],
    mentions: all,
  };
  return {
    hosts: new Map(hosts),
    challenges: new Map(),
    policies: new Map(),
    backends: new Map(),
    endpoints: new Map(),
    certificates: new Map(),
    identityProviders: new Map([[tableKey('default'), entry(sampleProvider)]]),
    settings: new Map([[tableKey('settings'), entry(settings)]]),
  };
}

const named = [
  host({ kind: 'exact', name: 'a.example.com' }, exact),
  host({ kind: 'wildcard', name: 'example.com' }, wildcard),
];
const secretKey = tableKey('entra-client');
const secrets = new Map([[secretKey, { kind: 'client-secret', value: new Redacted('s3cret') } as const]]);

describe('what identity reads of a snapshot', () => {
  const view = createIdentityView(snapshotOf(named, { kind: 'host', name: authHost }), secrets, 8443);

  it('finds a host as requests are routed: exact, then a wildcard of one label', () => {
    equal(view.mentionsOf('a.example.com'), exact);
    equal(view.mentionsOf('b.example.com'), wildcard);
    for (const name of ['b.a.example.com', 'example.com', 'example.org', '', '__proto__', '.example.com']) {
      equal(view.mentionsOf(name), null, name);
      equal(view.ownsHost(name), false, name);
    }
  });

  it('takes a rule without host for every name that nothing else serves', () => {
    const catchAll = createIdentityView(
      snapshotOf([...named, host({ kind: 'any' }, any)], { kind: 'none' }),
      secrets,
      443,
    );
    equal(catchAll.mentionsOf('a.example.com'), exact);
    equal(catchAll.mentionsOf('example.org'), any);
    deepEqual(['a.example.com', 'b.example.com', 'example.org'].map(catchAll.isNamed), [true, true, false]);
    equal(catchAll.authHost, null);
  });

  it('[ISOLATED] never takes the auth host for an app, though a wildcard would match it', () => {
    equal(view.authHost, authHost);
    equal(view.mentionsOf(authHost), null);
    equal(view.ownsHost(authHost), true);
  });

  it('names providers, secrets, the port and all mentions', () => {
    equal(known(view.providers.get('default')), sampleProvider);
    equal(view.defaultProvider, 'corporate');
    equal(view.secret(secretKey), secrets.get(secretKey));
    equal(view.secret(tableKey('other')), null);
    equal(view.externalPort, 8443);
    equal(view.allMentions, all);
  });

  it('[CLOSED] owns nothing before there are settings and hosts', () => {
    const empty = { ...snapshotOf([], { kind: 'none' }), settings: new Map() };
    const nothing = createIdentityView(empty, new Map(), 443);
    equal(nothing.ownsHost(''), false);
    equal(nothing.ownsHost('a.example.com'), false);
    deepEqual(nothing.allMentions.groups, []);
  });
});
