import type { ClusterState } from '../api/cluster-state.ts';
import { compareText, entryOf } from '../snapshot/content-hash.ts';
import { type Key, type PolicyKey, tableKey } from '../snapshot/ids.ts';
import { type MentionedFacts, sharedUnionOfMentions, unionOfMentions } from '../snapshot/mentions.ts';
import type {
  Backend,
  Entry,
  Host,
  HostPattern,
  IdentityProvider,
  PolicyEntry,
  Settings,
  Snapshot,
  Table,
} from '../snapshot/snapshot.ts';
import { EMPTY_SNAPSHOT } from '../snapshot/snapshot-delta.ts';
import { type BoundedPaths, boundPaths } from './bound-paths.ts';
import { boundValues } from './bound-values.ts';
import { buildEndpoints, noneReusable, type ReusableEndpoints } from './build-endpoints.ts';
import { type BackendResolver, buildRoutes, denyingRoute } from './build-host.ts';
import { buildChallenges, solverIngresses } from './challenges.ts';
import { collectFindings } from './collect-findings.ts';
import { type DeclaredHosts, readDeclaredHosts } from './declared-hosts.ts';
import { Findings } from './findings.ts';
import { chooseCertificate, secretsFor } from './host-certificate.ts';
import { assignHosts, type ClaimRefusal, type HostOwners, refusalTexts } from './host-ownership.ts';
import { describeHost, hostKey } from './host-pattern.ts';
import type { IngressOutcome } from './ingress-status.ts';
import { isLive } from './live-state.ts';
import { MaterialCollector } from './material.ts';
import { type OperatorCertificates, readOperatorCertificates } from './operator-certificates.ts';
import { ownAddresses } from './own-addresses.ts';
import { type Claimant, type OwnIngress, ownIngresses } from './own-ingress.ts';
import { addressCheck } from './refused-addresses.ts';
import { providerKey } from './resolve-access.ts';
import { resolveBackend } from './resolve-backend.ts';
import { type ResolvedProvider, resolveProvider } from './resolve-provider.ts';
import { buildStatuses } from './statuses.ts';
import type { TranslateOptions } from './translate-options.ts';
import type { Translation } from './translation.ts';

/**
 * Builds what the data plane serves from what the cluster holds. Pure: the same objects give the same result, whatever
 * the order in which they came (ORDER). Every object that is missing, broken or foreign takes away access, never gives
 * it (CLOSED), and harms its own routes only (ISOLATED).
 *
 * @param known the snapshot of an earlier build: entries that would hold the same are those of it
 * @param reusable what an earlier build of the same options found out already (see retranslate.ts)
 */
export function translate(
  state: ClusterState,
  options: TranslateOptions,
  known: Snapshot = EMPTY_SNAPSHOT,
  reusable: ReusableEndpoints = noneReusable,
): Translation {
  const findings = new Findings();
  const material = new MaterialCollector(state, options.materialKey);
  const providers = resolveProviders(state, material, options);
  const declared = readDeclaredHosts(state);
  const named = { byName: providers, defaultName: options.defaultIdentityProvider };
  const read = boundValues(ownIngresses(state, options, named, findings));
  const owners = assignHosts(
    read.flatMap(({ claims }) => claims),
    declared,
    options,
  );
  const { ingresses, deniedHosts } = boundPaths(read, owners, findings);
  const certificates = readOperatorCertificates(material, options);
  const own = ownAddresses(state, options);
  const backends = new Map<Key, Entry<Backend>>();
  const build = { state, options, material, findings, known, backends, certificates, deniedHosts };
  const hosts = buildHosts(ingresses, owners, declared, build);
  const solved = buildChallenges(solverIngresses(state, options), {
    ...{ owners, declared, options, findings },
    resolveBackend: backendResolver(build),
  });
  const outcomes = outcomesOf(ingresses, owners, findings);

  const snapshot: Snapshot = {
    hosts: inKeyOrder(hosts),
    challenges: inKeyOrder(solved.challenges),
    policies: inKeyOrder(policiesInUse(ingresses, owners)),
    backends: inKeyOrder(backends),
    endpoints: inKeyOrder(buildEndpoints(backends, state, reusable, addressCheck(options.deniedCidrs, own))),
    certificates: inKeyOrder(material.certificates),
    identityProviders: inKeyOrder(providerTable(providers)),
    settings: settingsTable(options, certificates.defaultCertificate, own, hosts),
  };
  return {
    snapshot: Object.freeze(snapshot),
    secrets: inKeyOrder(material.secrets),
    secretRefs: material.asked,
    expiries: material.expiries,
    statuses: buildStatuses(state, outcomes, solved.outcomes, providers, declared),
    findings: collectFindings(state, outcomes, solved.outcomes, providers, declared, options),
    warnings: certificates.warnings,
  };
}

/** What every host is built with. */
interface HostBuild {
  readonly state: ClusterState;
  readonly options: TranslateOptions;
  readonly material: MaterialCollector;
  readonly findings: Findings;
  readonly known: Snapshot;
  readonly backends: Map<Key, Entry<Backend>>;
  readonly certificates: OperatorCertificates;
  readonly deniedHosts: BoundedPaths['deniedHosts'];
}

function resolveProviders(
  state: ClusterState,
  material: MaterialCollector,
  options: TranslateOptions,
): ReadonlyMap<string, ResolvedProvider> {
  const providers = new Map<string, ResolvedProvider>();
  for (const { ref, reason } of state.unreadable) {
    if (ref.kind === 'IdentityProvider')
      providers.set(ref.name, { ok: false, problem: `It can not be read: ${reason}` });
  }
  for (const object of state.identityProviders.values()) {
    if (isLive(object)) providers.set(object.metadata.name, resolveProvider(object, material, options));
  }
  return providers;
}

function buildHosts(
  ingresses: readonly OwnIngress[],
  owners: HostOwners,
  declared: DeclaredHosts,
  build: HostBuild,
): ReadonlyMap<Key, Entry<Host>> {
  const byHost = claimantsByHost(ingresses, owners);
  const hosts = new Map<Key, Entry<Host>>();
  for (const [key, { pattern, namespace }] of owners.byPattern) {
    const claimants = byHost.get(key) ?? [];
    hosts.set(key, entryOf(buildHost(pattern, namespace, claimants, build), build.known.hosts.get(key)));
  }
  for (const [key, { pattern, namespace }] of declared.byPattern) {
    if (!hosts.has(key)) hosts.set(key, entryOf(emptyHost(pattern, namespace, build), build.known.hosts.get(key)));
  }
  const { authHost, controllerNamespace } = build.options;
  if (authHost !== null) {
    const pattern: HostPattern = { kind: 'exact', name: authHost };
    const host = emptyHost(pattern, controllerNamespace, build);
    hosts.set(hostKey(pattern), entryOf({ ...host, certificate: build.certificates.authHost }));
  }
  return hosts;
}

/** In the order of the Ingresses. */
function claimantsByHost(
  ingresses: readonly OwnIngress[],
  { refusals }: HostOwners,
): ReadonlyMap<Key, readonly Claimant[]> {
  const byHost = new Map<Key, Claimant[]>();
  for (const own of ingresses) {
    for (const claim of own.claims) {
      if (refusals.has(claim)) continue;
      const key = hostKey(claim.pattern);
      byHost.getOrInsertComputed(key, nobody).push(claimantOf(own, claim.pattern, key));
    }
  }
  return byHost;
}

const nothing: readonly never[] = [];

function claimantOf(own: OwnIngress, pattern: HostPattern, key: Key): Claimant {
  const { rules, tls } = own;
  return {
    own,
    rules: rules.get(key) ?? nothing,
    secrets: tls.secrets.size === 0 ? nothing : secretsFor(pattern, tls),
  };
}

function nobody(): Claimant[] {
  return [];
}

function buildHost(pattern: HostPattern, namespace: string, claimants: readonly Claimant[], build: HostBuild): Host {
  const { material, findings, certificates, deniedHosts } = build;
  const denied = deniedHosts.get(hostKey(pattern));
  const routes =
    denied === undefined
      ? buildRoutes(pattern, claimants, backendResolver(build), findings)
      : [denyingRoute(pattern, denied)];
  const inUse = new Set(routes.map((route) => route.ingress.name));
  const [first = [], ...others] = claimants
    .filter(({ own }) => inUse.has(own.ingress.metadata.name))
    .map(({ own }) => own.access.mentions);
  return {
    pattern,
    namespace,
    certificate: chooseCertificate(pattern, claimants, certificates.fallback.kind === 'default', material, findings),
    routes,
    mentions: sharedUnionOfMentions(others.length === 0 ? first : [first, ...others].flat()),
  };
}

/** A host with no routes: the sign-in host, and declared hosts without Ingress, which no wildcard of others may serve. */
function emptyHost(pattern: HostPattern, namespace: string, { certificates }: HostBuild): Host {
  return { pattern, namespace, certificate: certificates.fallback, routes: [], mentions: unionOfMentions([]) };
}

function backendResolver({ state, options, findings, backends }: HostBuild): BackendResolver {
  return (written, ingress, path) => {
    const resolved = resolveBackend(written, ingress.metadata.namespace, state, options);
    if (!resolved.ok) {
      findings.add(ingress, 'backend-unavailable', path, resolved.problem);
      return { kind: 'unavailable', reason: resolved.reason };
    }
    if (!backends.has(resolved.key)) backends.set(resolved.key, resolved.entry);
    return resolved.route;
  };
}

/** Only what some route uses: a policy that nobody uses is nobody's business. */
function policiesInUse(
  ingresses: readonly OwnIngress[],
  owners: HostOwners,
): ReadonlyMap<PolicyKey, Entry<PolicyEntry>> {
  const inUse = ingresses.filter(({ claims, access }) => {
    return access.access.kind === 'policy' && claims.some((claim) => !owners.refusals.has(claim));
  });
  return new Map(inUse.flatMap(({ access }) => [...access.policies]));
}

function providerTable(providers: ReadonlyMap<string, ResolvedProvider>): ReadonlyMap<Key, Entry<IdentityProvider>> {
  const table = new Map<Key, Entry<IdentityProvider>>();
  for (const [name, resolved] of providers) {
    if (resolved.ok) table.set(providerKey(name), entryOf(resolved.provider));
  }
  return table;
}

function settingsTable(
  { authHost, defaultIdentityProvider }: TranslateOptions,
  defaultCertificate: Settings['defaultCertificate'],
  own: readonly string[],
  hosts: Table<Host>,
): Table<Settings> {
  const mentioned: readonly MentionedFacts[] = [...hosts.values()].map(({ value }) => value.mentions);
  const settings: Settings = {
    authHost: authHost === null ? { kind: 'none' } : { kind: 'host', name: authHost },
    defaultCertificate,
    defaultIdentityProvider,
    ownAddresses: own,
    mentions: unionOfMentions(new Set(mentioned)),
  };
  return new Map([[tableKey('settings'), entryOf(settings)]]);
}

function outcomesOf(
  ingresses: readonly OwnIngress[],
  owners: HostOwners,
  findings: Findings,
): readonly IngressOutcome[] {
  return ingresses.map((own) => {
    const { ingress, claims } = own;
    const refused = new Findings();
    let refusedHosts = 0;
    for (const claim of claims) {
      const refusal = owners.refusals.get(claim);
      if (refusal === undefined) continue;
      refusedHosts += 1;
      refused.add(ingress, 'host-refused', claim.path, () => refusedText(claim.pattern, refusal));
    }
    return {
      own,
      hosts: claims.length - refusedHosts,
      refusedHosts,
      refused: refused.of(ingress),
      findings: findings.of(ingress),
    };
  });
}

function refusedText(pattern: HostPattern, refusal: ClaimRefusal): string {
  return `Host ${describeHost(pattern)} is not programmed: it ${refusalTexts[refusal]}.`;
}

function inKeyOrder<K extends Key, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...map].sort(([a], [b]) => compareText(a, b)));
}
