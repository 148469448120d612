import {
  type AccessMode,
  ANNOTATION_PREFIX,
  foreignAnnotation,
  type IngressAnnotations,
  parseAnnotations,
} from '../api/annotations.ts';
import type { ClusterState } from '../api/cluster-state.ts';
import { formatPath } from '../api/field-problem.ts';
import type { Ingress } from '../api/kubernetes.ts';
import { MOST_PATTERN_STEPS, MOST_VALUES, policyCost } from '../policy/compile/policy-cost.ts';
import { type Key, type PolicyKey, tableKey } from '../snapshot/ids.ts';
import type { MentionedFacts } from '../snapshot/mentions.ts';
import type { RouteDenial } from '../snapshot/route-denials.ts';
import type { Access, Entry, IdentityProvider, PolicyEntry } from '../snapshot/snapshot.ts';
import { type AccessRefusal, accessRefusal } from './allowed-access.ts';
import { byIdentity } from './by-identity.ts';
import { eventText } from './event-text.ts';
import { MOST_HOSTS } from './host-ownership.ts';
import { resolvePolicy, type UsablePolicy } from './resolve-policies.ts';
import type { ResolvedProvider } from './resolve-provider.ts';

/** Nobody may pass. */
export type DeniedAccess = Extract<Access, { readonly kind: 'denied' }>;

/** Who may pass the routes of one Ingress, and what that needs. */
export interface ResolvedAccess {
  readonly access: Access;
  /** Policies that decide, in the order written. Empty unless access is by policy. */
  readonly policies: ReadonlyMap<PolicyKey, Entry<PolicyEntry>>;
  /** Policies that the Ingress names and may use, valid or not: for their status. */
  readonly named: readonly PolicyKey[];
  /** Names of IdentityProviders that its users would sign in at, valid or not: for their status. */
  readonly identityProviders: readonly string[];
  /** What this access asks about a user. */
  readonly mentions: readonly MentionedFacts[];
  /** Sentences for the Event about what does not change the access. */
  readonly notes: readonly string[];
  /** Why it denies, by field. Empty unless it does. */
  readonly faults: readonly AccessFault[];
}

/** One reason why every request is denied, and the field to correct. */
export interface AccessFault {
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** Whether a user is a guest is in these optional claims of Entra; `access: authenticated` asks for them. */
const GUEST_CLAIMS: MentionedFacts = { groups: [], roles: [], claims: ['acct', 'idp'] };

/** IdentityProviders by name, and which of them routes have that name none. */
export interface Providers {
  readonly byName: ReadonlyMap<string, ResolvedProvider>;
  readonly defaultName: string;
}

/** Key of an IdentityProvider in the snapshot. */
export function providerKey(name: string): Key {
  return tableKey('identity-provider', name);
}

const readAnnotations = byIdentity(parseAnnotations);

/** Decides the access of an Ingress from its annotations. Every doubt denies, with a reason that its author can act on. */
export function resolveAccess(ingress: Ingress, state: ClusterState, providers: Providers): ResolvedAccess {
  const annotations = readAnnotations(ingress);
  if (!annotations.ok) {
    const problems = annotations.problems.map(({ path, message, hint }) => `${path} ${message}${hint && ` (${hint})`}`);
    return { ...only(denied('annotation-invalid', `${problems.join('; ')}.`)), faults: annotations.problems };
  }
  const { access, identityProvider } = annotations.value;
  const refusal = accessRefusal(state, ingress.metadata.namespace, access);
  if (refusal !== null) return refusedAccess(access, refusal);
  switch (access) {
    case 'public':
      return only({ kind: 'public', why: 'entragate.dev/access of the Ingress is public' });
    case 'authenticated':
      return authenticatedAccess(identityProvider, providers);
    case 'policy':
      return policyAccess(ingress, annotations.value, state, providers);
  }
}

function refusedAccess(mode: AccessMode, refusal: AccessRefusal): ResolvedAccess {
  switch (refusal.reason) {
    case 'access-not-allowed': {
      const allowed = refusal.allowed.join(', ');
      const detail = `The Namespace does not allow access ${mode}, only ${allowed}: write entragate.dev/access accordingly, or have an administrator extend entragate.dev/allowed-access of the Namespace.`;
      return only(denied('access-not-allowed', detail));
    }
    case 'namespace-unknown': {
      const detail = `The Namespace of the Ingress is not known, so that nothing tells whether it allows access ${mode}.`;
      return only(denied('namespace-unknown', detail));
    }
  }
}

/** The access of an Ingress whose policies are too many for its namespace, beside those of older Ingresses. */
export function deniedForValues({ named, identityProviders }: ResolvedAccess, most: number): ResolvedAccess {
  const detail = `The policies of this namespace's Ingresses hold more than ${most} values together, such as groups, and those of older Ingresses count first: name fewer, or put users into groups.`;
  return { ...only(denied('policy-invalid', detail), 'policies'), named, identityProviders };
}

/** The access of hosts that are denied since an Ingress is past the paths of its namespace. */
export function accessPastPaths(name: string, most: number): DeniedAccess {
  const detail = `Ingress ${name} takes this namespace past ${most} paths (a long one counts as several, and older Ingresses count first): every host of its rules is denied. Remove paths, or move some to another namespace.`;
  return denied('too-many-paths', detail);
}

/** The access of hosts that would serve what an Ingress has past the bounds of hosts. */
export function accessPastHosts(name: string): DeniedAccess {
  const detail = `Ingress ${name} has a rule past the hosts that an Ingress or a namespace may have: what would serve it instead is denied. Name fewer hosts, or use several Ingresses.`;
  return denied('too-many-hosts', detail);
}

/** The access of an Ingress all of whose hosts are denied, for one of the two reasons above. What denied it before is still what is said first. */
export function deniedWithHosts(before: ResolvedAccess, access: DeniedAccess): ResolvedAccess {
  const { named, identityProviders, notes, faults } = before;
  const fault = { path: 'spec.rules', message: access.detail, hint: '' };
  if (before.access.kind === 'denied') {
    return { ...before, notes: [...notes, access.detail], faults: [...faults, fault] };
  }
  return { ...only(access), named, identityProviders, faults: [fault] };
}

/** The access of an Ingress that can not be read. */
export function unreadableAccess(reason: string): ResolvedAccess {
  return { ...only(denied('object-unreadable', `The Ingress can not be read: ${reason}`)), faults: [] };
}

function authenticatedAccess(annotated: string | null, providers: Providers): ResolvedAccess {
  const name = annotated ?? providers.defaultName;
  const provider = findProvider(name, providers);
  const identityProviders = [name];
  if (!provider.ok) {
    return { ...only(provider.denial, annotated === null ? 'access' : 'identity-provider'), identityProviders };
  }
  const asksForGuests = provider.resolved.type === 'EntraID' && provider.resolved.guests === 'Deny';
  const access: Access = { kind: 'authenticated', identityProvider: providerKey(name) };
  const mentions = asksForGuests ? [GUEST_CLAIMS] : [];
  return { ...only(access), identityProviders, mentions, notes: signInNotes(provider.resolved) };
}

function policyAccess(
  ingress: Ingress,
  annotations: IngressAnnotations,
  state: ClusterState,
  providers: Providers,
): ResolvedAccess {
  const { namespace } = ingress.metadata;
  const resolved = annotations.policies.map((reference) => resolvePolicy(state, namespace, reference));
  const usable: readonly UsablePolicy[] = resolved.filter((policy) => policy.ok);
  const named = resolved.flatMap((policy) => (policy.attached === null ? [] : [policy.attached]));
  const annotated = annotations.identityProvider === null ? [] : [annotations.identityProvider];
  const refuse = (access: Access, identityProviders: readonly string[] = annotated): ResolvedAccess => ({
    ...only(access, 'policies'),
    ...{ named, identityProviders },
  });

  if (resolved.length === 0) {
    return refuse(denied('no-policy', noPolicyText(ingress)));
  }
  const [broken, ...others] = resolved.filter((policy) => !policy.ok);
  if (broken !== undefined) {
    const details = [broken, ...others].map(({ detail }) => detail);
    const faults = details.map((detail) => faultAt('policies', detail));
    return { ...refuse(denied(broken.reason, details.join(' '))), faults };
  }
  const unfit = unfitTogether(ingress, usable);
  if (unfit !== null) return refuse(unfit);
  const providerNames = namedProviders(annotations.identityProvider, usable);
  if (providerNames.length > 1) {
    const detail = `The Ingress and its policies name several IdentityProviders (${providerNames.join(', ')}): they have to agree.`;
    return refuse(denied('identity-provider-mismatch', detail), providerNames);
  }
  const name = providerNames[0] ?? providers.defaultName;
  const provider = findProvider(name, providers);
  if (!provider.ok) return refuse(provider.denial, [name]);
  return {
    access: { kind: 'policy', policies: usable.map(({ key }) => key), identityProvider: providerKey(name) },
    policies: new Map(usable.map(({ key, entry }) => [key, entry] as const)),
    named,
    identityProviders: [name],
    mentions: usable.map(({ entry }) => entry.value.program.mentions),
    notes: signInNotes(provider.resolved),
    faults: [],
  };
}

function noPolicyText({ metadata: { annotations } }: Ingress): string {
  const text = 'The Ingress names no policy: write entragate.dev/policies, or say entragate.dev/access.';
  const foreign = foreignAnnotation(Object.keys(annotations));
  return foreign === null ? text : `${text} ${foreign} is not read here.`;
}

/** Why policies of which each is valid can not decide together; null: they can. */
function unfitTogether(ingress: Ingress, usable: readonly UsablePolicy[]): Access | null {
  if (usable.every(({ entry }) => entry.value.program.mode === 'Audit')) {
    const detail = 'All policies are in mode Audit, which never allows: set mode Enforce on one.';
    return denied('policies-all-audit', detail);
  }
  const costs = usable.map(({ entry }) => policyCost(entry.value.program));
  const values = costs.reduce((sum, cost) => sum + cost.values, 0);
  if (values > MOST_VALUES) {
    const detail = `The policies hold ${values} values together, such as groups, and at most ${MOST_VALUES} are allowed on one Ingress: name fewer, or use several Ingresses.`;
    return denied('policy-invalid', detail);
  }
  const steps = costs.reduce((sum, cost) => sum + cost.steps, 0);
  if (steps > MOST_PATTERN_STEPS) {
    const detail = `The policies hold \`matches\` and \`contains\` of ${steps} steps together, and at most ${MOST_PATTERN_STEPS} are allowed on one Ingress: name fewer, or simplify them.`;
    return denied('policy-invalid', detail);
  }
  if (charactersOf(ingress, usable) > MOST_CHARACTERS) {
    const detail =
      'The policies are too many, or mention too much, for so many hosts and paths: use several Ingresses, or fewer policies.';
    return denied('policy-invalid', detail);
  }
  return null;
}

/**
 * Most characters that the policies of one Ingress add to what data planes are sent: every host says what it asks about users, every path which
 * policies decide. Without a bound a thousand hosts and 32 policies would be 600 MB (ISOLATED).
 */
const MOST_CHARACTERS = 16_000_000;

function charactersOf({ spec }: Ingress, usable: readonly UsablePolicy[]): number {
  const hosts = spec.rules.length + spec.tls.reduce((sum, entry) => sum + entry.hosts.length, 0);
  const paths = spec.rules.reduce((sum, { http }) => sum + (http?.paths.length ?? 0) + 1, 0);
  const mentioned = usable.reduce((sum, { entry }) => sum + mentionedCharacters(entry.value.program.mentions), 0);
  const names = usable.reduce((sum, { key }) => sum + key.length, 0);
  return Math.min(hosts, MOST_HOSTS) * mentioned + paths * names;
}

const mentionedCharacters = byIdentity(({ groups, roles, claims }: MentionedFacts): number =>
  [groups, roles, claims].flat().reduce((sum, { length }) => sum + length, 0),
);

/** A policy that names no provider is about users of whichever the route has. One that only audits changes nothing about the route. */
function namedProviders(
  annotated: string | null,
  usable: readonly { readonly entry: Entry<PolicyEntry> }[],
): readonly string[] {
  const enforced = usable.filter(({ entry }) => entry.value.program.mode === 'Enforce');
  const names = [annotated, ...enforced.map(({ entry }) => entry.value.program.identityProvider)];
  return [...new Set(names.filter((name) => name !== null))].sort();
}

function findProvider(name: string, providers: Providers) {
  const resolved = providers.byName.get(name);
  if (resolved === undefined) {
    const detail = `IdentityProvider ${name} does not exist: an administrator has to create it.`;
    return { ok: false, denial: denied('identity-provider-missing', detail) } as const;
  }
  if (!resolved.ok) {
    const detail = `IdentityProvider ${name} is invalid: see its condition Accepted.`;
    return { ok: false, denial: denied('identity-provider-invalid', detail) } as const;
  }
  return { ok: true, resolved: resolved.provider } as const;
}

function signInNotes({ name, credential }: IdentityProvider): readonly string[] {
  return credential.kind === 'missing'
    ? [`Nobody can sign in now: IdentityProvider ${name} lacks its credential.`]
    : [];
}

/** The text stands at every route of the Ingress, so that it is not longer than its Event. */
function denied(reason: RouteDenial, detail: string): DeniedAccess {
  return { kind: 'denied', reason, detail: eventText([detail]) };
}

/** @param field the annotation that is at fault, where access denies: its name behind our prefix */
function only(access: Access, field: 'access' | 'policies' | 'identity-provider' = 'access'): ResolvedAccess {
  const faults = access.kind === 'denied' ? [faultAt(field, access.detail)] : [];
  return { access, policies: new Map(), named: [], identityProviders: [], mentions: [], notes: [], faults };
}

function faultAt(field: 'access' | 'policies' | 'identity-provider', message: string): AccessFault {
  return { path: formatPath(['metadata', 'annotations', `${ANNOTATION_PREFIX}${field}`]), message, hint: '' };
}
