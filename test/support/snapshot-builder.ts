import { createHash } from 'node:crypto';
import { compilePolicy } from '../../src/policy/compile/compile-policy.ts';
import { entryOf } from '../../src/snapshot/content-hash.ts';
import { type Key, type PolicyKey, policyTableKey, tableKey } from '../../src/snapshot/ids.ts';
import { type MentionedFacts, unionOfMentions } from '../../src/snapshot/mentions.ts';
import { Redacted } from '../../src/snapshot/redacted.ts';
import type { Secret, Secrets } from '../../src/snapshot/secret.ts';
import type {
  Access,
  Certificate,
  Endpoint,
  Entry,
  Host,
  HostCertificate,
  HostPattern,
  IdentityProvider,
  PolicyEntry,
  Route,
  RouteBackend,
  Settings,
  Snapshot,
} from '../../src/snapshot/snapshot.ts';

/** What a test says about a snapshot; {@link buildSnapshot} fills in the rest. */
export interface SnapshotSpec {
  readonly hosts: readonly HostSpec[];
  /** `spec` of Policies by name, in namespace `apps`. A route may name one that is not here. */
  readonly policies?: Readonly<Record<string, unknown>>;
  readonly providers: readonly IdentityProvider[];
  /** Endpoints by Service name. */
  readonly services: Readonly<Record<string, readonly Endpoint[]>>;
  readonly certificates?: Readonly<Record<string, KeyPair>>;
  readonly defaultCertificate?: string | null;
  readonly authHost?: string | null;
  /** Answers to ACME challenges. */
  readonly challenges?: readonly { readonly host: string; readonly path: string; readonly service: string }[];
}

export interface HostSpec {
  /** `ledger.example.com`, `*.example.com` or `*`. */
  readonly name: string;
  /** Of its Ingress; `apps` where it is left out. */
  readonly namespace?: string;
  readonly certificate?: 'default' | 'none' | { readonly named: string };
  readonly routes: readonly RouteSpec[];
}

export interface RouteSpec {
  readonly path?: string;
  readonly type?: 'Exact' | 'Prefix';
  readonly access: 'public' | 'authenticated' | 'denied' | { readonly policies: readonly string[] };
  /** Service name; null: the Ingress names none that exists. */
  readonly service: string | null;
}

export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface BuiltSnapshot {
  readonly snapshot: Snapshot;
  readonly secrets: Secrets;
}

const providerKeyOf = (name: string) => tableKey('identity-provider', name);
const backendKeyOf = (service: string) => tableKey('backend', 'apps', service, 'http');
const certificateKeyOf = (name: string) => tableKey('certificate', 'apps', name);

/** Builds a snapshot as translation would, without objects. */
export function buildSnapshot(spec: SnapshotSpec): BuiltSnapshot {
  const policies = new Map<PolicyKey, Entry<PolicyEntry>>();
  for (const [name, policy] of Object.entries(spec.policies ?? {})) {
    const compiled = compilePolicy(policy, 'spec');
    if (!compiled.ok) throw new Error(`policy ${name}: ${JSON.stringify(compiled.errors)}`);
    policies.set(policyTableKey('apps', name), entryOf({ name: `apps/${name}`, program: compiled.program }));
  }
  const services = Object.entries(spec.services);
  const certificates = Object.entries(spec.certificates ?? {});
  const hosts = spec.hosts.map((host) => buildHost(host, policies));
  const settings: Settings = {
    authHost: typeof spec.authHost === 'string' ? { kind: 'host', name: spec.authHost } : { kind: 'none' },
    defaultCertificate:
      typeof spec.defaultCertificate === 'string'
        ? { kind: 'secret', certificate: certificateKeyOf(spec.defaultCertificate) }
        : { kind: 'none' },
    defaultIdentityProvider: 'default',
    ownAddresses: [],
    mentions: unionOfMentions(hosts.map((host) => host.mentions)),
  };
  const snapshot: Snapshot = {
    hosts: new Map(hosts.map((host, index) => [tableKey('host', String(index)), entryOf(host)])),
    challenges: new Map(
      (spec.challenges ?? []).map(({ host, path, service }) => {
        const route: Route = {
          id: `apps/solver ${host} ${path}`,
          ingress: { namespace: 'apps', name: 'solver' },
          path: { type: 'Exact', value: path },
          access: { kind: 'public', why: 'test' },
          backend: { kind: 'service', backend: backendKeyOf(service) },
        };
        return [tableKey('challenge', host, path), entryOf({ host, route })];
      }),
    ),
    policies,
    backends: new Map(
      services.map(([service]) => [backendKeyOf(service), entryOf({ namespace: 'apps', service, port: 'http' })]),
    ),
    endpoints: new Map(services.map(([service, endpoints]) => [backendKeyOf(service), entryOf({ endpoints })])),
    certificates: new Map(certificates.map(([name, pair]) => [certificateKeyOf(name), entryOf(certificateOf(pair))])),
    identityProviders: new Map(spec.providers.map((provider) => [providerKeyOf(provider.name), entryOf(provider)])),
    settings: new Map([[tableKey('settings'), entryOf(settings)]]),
  };
  const secrets = new Map<Key, Secret>(
    certificates.map(([name, { certPem, keyPem }]) => [
      certificateKeyOf(name),
      { kind: 'key-pair', certPem, keyPem: new Redacted(keyPem) },
    ]),
  );
  return { snapshot, secrets };
}

function certificateOf(pair: KeyPair): Certificate {
  const material = createHash('sha256').update(pair.certPem).digest('hex');
  return { names: [], notAfter: Date.now() + 86_400_000, material };
}

function buildHost(spec: HostSpec, policies: ReadonlyMap<PolicyKey, Entry<PolicyEntry>>): Host {
  const mentioned: MentionedFacts[] = [];
  for (const { access } of spec.routes) {
    if (access === 'authenticated') mentioned.push({ groups: [], roles: [], claims: ['acct', 'idp'] });
    if (typeof access === 'string') continue;
    for (const name of access.policies) {
      const entry = policies.get(policyTableKey('apps', name));
      if (entry !== undefined) mentioned.push(entry.value.program.mentions);
    }
  }
  return {
    pattern: patternOf(spec.name),
    namespace: spec.namespace ?? 'apps',
    certificate: certificateSelection(spec),
    routes: spec.routes.map((route) => buildRoute(spec, route)),
    mentions: unionOfMentions(mentioned),
  };
}

function certificateSelection({ certificate = 'default' }: HostSpec): HostCertificate {
  if (typeof certificate === 'object') return { kind: 'secret', certificate: certificateKeyOf(certificate.named) };
  return { kind: certificate };
}

function patternOf(name: string): HostPattern {
  if (name === '*') return { kind: 'any' };
  return name.startsWith('*.') ? { kind: 'wildcard', name: name.slice(2) } : { kind: 'exact', name };
}

function buildRoute({ name, namespace = 'apps' }: HostSpec, spec: RouteSpec): Route {
  const path = spec.path ?? '/';
  const backend: RouteBackend =
    spec.service === null
      ? { kind: 'unavailable', reason: 'service-missing' }
      : { kind: 'service', backend: backendKeyOf(spec.service) };
  return {
    id: `${namespace}/app ${name} ${path}`,
    ingress: { namespace, name: 'app' },
    path: { type: spec.type ?? 'Prefix', value: path },
    access: accessOf(spec.access),
    backend,
  };
}

function accessOf(access: RouteSpec['access']): Access {
  const identityProvider = providerKeyOf('default');
  switch (access) {
    case 'public':
      return { kind: 'public', why: 'test' };
    case 'authenticated':
      return { kind: 'authenticated', identityProvider };
    case 'denied':
      return { kind: 'denied', reason: 'policy-invalid', detail: 'The policy <apps/finance> is invalid.' };
    default: {
      const policies = access.policies.map((name) => policyTableKey('apps', name));
      return { kind: 'policy', policies, identityProvider };
    }
  }
}
