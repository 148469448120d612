import { isDeepStrictEqual } from 'node:util';
import { describeRef } from '../../src/api/cluster-state.ts';
import type { StatusUpdate } from '../../src/api/status-update.ts';
import type { Key } from '../../src/snapshot/ids.ts';
import type { Access, Host, Route, RouteBackend, Table } from '../../src/snapshot/snapshot.ts';
import type { Translation } from '../../src/translate/translation.ts';

type Section = Readonly<Record<string, unknown>>;

/** A translation as people review it: readable keys, no hashes, nothing that is empty, nothing that `base` has as well. */
export function goldenOutput(translation: Translation, base: Translation): Section {
  const [shown, known] = [sections(translation), sections(base)];
  const differing = Object.entries(shown).map(
    ([name, section]) => [name, without(section, known[name] ?? {})] as const,
  );
  return compact(Object.fromEntries(differing));
}

function sections({ snapshot, secrets, statuses, warnings }: Translation): Readonly<Record<string, Section>> {
  return {
    hosts: byKey(snapshot.hosts, describe),
    challenges: byKey(snapshot.challenges, ({ host, route }) => ({ host, ...describeRoute(route) })),
    policies: byKey(snapshot.policies, ({ name, program }) => {
      const rules = program.rules.map((rule) => rule.name).join(', ');
      return `${name}, ${program.mode}: ${rules}`;
    }),
    endpoints: byKey(snapshot.endpoints, ({ endpoints }) => endpoints.map(({ address, port }) => `${address} ${port}`)),
    certificates: byKey(snapshot.certificates, ({ names }) => names),
    identityProviders: byKey(snapshot.identityProviders, ({ credential, ...provider }) => {
      const { material: _, ...shown } = { material: '', ...credential };
      return { ...provider, credential: shown };
    }),
    secrets: Object.fromEntries([...secrets].map(([key, { kind }]) => [key, kind])),
    settings: Object.fromEntries(
      [...snapshot.settings.values()].flatMap(({ value }) => [
        ['ownAddresses', value.ownAddresses],
        ['authHost', value.authHost.kind === 'host' ? value.authHost.name : 'none'],
        [
          'defaultCertificate',
          value.defaultCertificate.kind === 'secret' ? value.defaultCertificate.certificate : 'none',
        ],
        ['defaultIdentityProvider', value.defaultIdentityProvider],
        ['mentions', withoutFingerprint(value.mentions)],
      ]),
    ),
    statuses: Object.fromEntries(statuses.map((status) => [describeRef(status.ref), describeStatus(status)])),
    warnings: Object.fromEntries(warnings.entries()),
  };
}

function describeStatus({ ref, conditions, attachedRoutes, event, address }: StatusUpdate): Section {
  return compact({
    conditions: conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`),
    attachedRoutes: attachedRoutes.map(
      ({ namespace, name, state, reason, message }) =>
        `${namespace}/${name} ${state}${message === '' ? '' : ` ${reason}: ${message}`}`,
    ),
    event: event === null ? null : `${event.type} ${event.reason}: ${event.message}`,
    address: ref.kind === 'Ingress' ? address : null,
  });
}

function without(section: Section, known: Section): Section {
  return Object.fromEntries(Object.entries(section).filter(([key, value]) => !isDeepStrictEqual(value, known[key])));
}

function describe({ namespace, certificate, routes, mentions }: Host): unknown {
  return compact({
    namespace,
    certificate: certificate.kind === 'secret' ? certificate.certificate : certificate.kind,
    routes: routes.map(describeRoute),
    mentions: withoutFingerprint(mentions),
  });
}

function describeRoute({ ingress, path, access, backend }: Route): Section {
  return {
    path: `${path.type} ${path.value}`,
    ingress: ingress.name,
    access: describeAccess(access),
    backend: describeBackend(backend),
  };
}

function describeAccess(access: Access): string {
  switch (access.kind) {
    case 'policy':
      return `policy ${access.policies.join(' ')} of ${access.identityProvider}`;
    case 'authenticated':
      return `authenticated of ${access.identityProvider}`;
    case 'public':
      return 'public';
    case 'denied':
      return `denied ${access.reason}: ${access.detail}`;
  }
}

function describeBackend(backend: RouteBackend): string {
  return backend.kind === 'service' ? backend.backend : `unavailable ${backend.reason}`;
}

function withoutFingerprint<T extends { readonly fingerprint: string }>({ fingerprint: _, ...rest }: T): unknown {
  return compact(rest);
}

function byKey<T>(table: Table<T>, show: (value: T) => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...table].map(([key, { value }]: readonly [Key, { readonly value: T }]) => [key, show(value)]),
  );
}

function compact(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isNothing(value)));
}

function isNothing(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
