import { type ClusterState, type ObjectRef, refOf } from '../api/cluster-state.ts';
import type { IdentityProvider } from '../api/generated/identity-provider.ts';
import { compareText } from '../snapshot/content-hash.ts';
import type { IdentityProvider as ResolvedIdentityProvider } from '../snapshot/snapshot.ts';
import type { SolverOutcome } from './challenges.ts';
import type { DeclaredHosts } from './declared-hosts.ts';
import type { Finding } from './findings.ts';
import type { IngressOutcome } from './ingress-status.ts';
import { isLive, liveObject } from './live-state.ts';
import { providerWarning } from './provider-status.ts';
import { compileObject, livePolicies } from './resolve-policies.ts';
import type { ResolvedProvider } from './resolve-provider.ts';
import type { TranslateOptions } from './translate-options.ts';

/**
 * Everything that a build found wrong or questionable, by object and field, sorted by object. Objects that can not be read are left out: their
 * source has told what is wrong with them.
 */
export function collectFindings(
  state: ClusterState,
  outcomes: readonly IngressOutcome[],
  solvers: readonly SolverOutcome[],
  providers: ReadonlyMap<string, ResolvedProvider>,
  declared: DeclaredHosts,
  options: TranslateOptions,
): readonly Finding[] {
  const ofNamespaces = [...declared.problems].flatMap(([namespace, problems]) =>
    problems.map((problem): Finding => ({ ref: refOf(namespace), kind: 'namespace-annotation-invalid', ...problem })),
  );
  const ofProviders = [...state.identityProviders.values()]
    .filter(isLive)
    .flatMap((object) => providerFindings(object, providers.get(object.metadata.name), state, options));
  const ofIngresses = [...outcomes.flatMap(ingressFindings), ...solvers.flatMap((solver) => solver.findings)];
  return inObjectOrder([...ofNamespaces, ...ofProviders, ...policyFindings(state), ...ofIngresses]);
}

/** By object; those of one object stay in their order. */
export function inObjectOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    ({ ref: a }, { ref: b }) =>
      compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name),
  );
}

function ingressFindings({ own, refused, findings }: IngressOutcome): readonly Finding[] {
  const { access } = own.access;
  if (access.kind === 'denied' && access.reason === 'object-unreadable') return [];
  const ref = refOf(own.ingress);
  const denials = own.access.faults.map(
    ({ path, message, hint }): Finding => ({ ref, kind: 'access-denied', path, message, hint }),
  );
  return [...denials, ...refused, ...findings];
}

function policyFindings(state: ClusterState): readonly Finding[] {
  return livePolicies(state).flatMap((policy) => {
    const ref = refOf(policy);
    const result = compileObject(policy);
    return result.ok
      ? result.warnings.map((warning): Finding => ({ ref, kind: 'policy-questionable', ...warning }))
      : result.errors.map((error): Finding => ({ ref, kind: 'policy-invalid', ...error }));
  });
}

function providerFindings(
  object: IdentityProvider,
  resolved: ResolvedProvider | undefined,
  state: ClusterState,
  { controllerNamespace }: TranslateOptions,
): readonly Finding[] {
  const ref = refOf(object);
  if (resolved === undefined) return [];
  if (!resolved.ok) {
    return [{ ref, kind: 'identity-provider-invalid', path: 'spec', message: resolved.problem, hint: '' }];
  }
  return [
    ...credentialFindings(object, resolved.provider, state, controllerNamespace),
    ...warningFindings(resolved.provider, ref),
  ];
}

function credentialFindings(
  object: IdentityProvider,
  { credential }: ResolvedIdentityProvider,
  state: ClusterState,
  controllerNamespace: string,
): readonly Finding[] {
  if (credential.kind !== 'missing') return [];
  const { secretRef, certificateRef } = object.spec.credential;
  const secret = liveObject(state.secrets, controllerNamespace, (secretRef ?? certificateRef)?.name ?? '');
  const kind = secret === null ? 'secret-missing' : 'secret-unusable';
  return [{ ref: refOf(object), kind, path: 'spec.credential', message: credential.detail, hint: '' }];
}

/** Saying nothing would let its author wait for what never comes. */
function warningFindings(provider: ResolvedIdentityProvider, ref: ObjectRef): readonly Finding[] {
  const warning = providerWarning(provider);
  return warning === null ? [] : [{ ref, kind: 'identity-provider-questionable', ...warning }];
}
