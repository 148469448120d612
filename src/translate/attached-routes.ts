import type { AttachedRoute } from '../api/status-update.ts';
import { compareText } from '../snapshot/content-hash.ts';
import type { PolicyKey } from '../snapshot/ids.ts';
import { eventText } from './event-text.ts';
import type { IngressOutcome } from './ingress-status.ts';

/** The Ingresses that use each object, sorted by namespace and name. An object that none uses is not there. */
export interface AttachedRoutes {
  readonly policies: ReadonlyMap<PolicyKey, readonly AttachedRoute[]>;
  /** By the name of the IdentityProvider. */
  readonly identityProviders: ReadonlyMap<string, readonly AttachedRoute[]>;
}

/** Who uses which Policy, ClusterPolicy and IdentityProvider, and what became of it. */
export function attachedRoutes(outcomes: readonly IngressOutcome[]): AttachedRoutes {
  const policies = new Map<PolicyKey, AttachedRoute[]>();
  const identityProviders = new Map<string, AttachedRoute[]>();
  const inOrder = outcomes.toSorted((a, b) => compareNames(a.own.ingress.metadata, b.own.ingress.metadata));
  for (const outcome of inOrder) {
    const { access } = outcome.own;
    if (access.named.length === 0 && access.identityProviders.length === 0) continue;
    const route = attachedRoute(outcome);
    for (const key of access.named) attach(policies, key, route);
    for (const name of access.identityProviders) attach(identityProviders, name, route);
  }
  return { policies, identityProviders };
}

interface Names {
  readonly namespace: string;
  readonly name: string;
}

function compareNames(a: Names, b: Names): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

function attach<K>(routes: Map<K, AttachedRoute[]>, key: K, route: AttachedRoute): void {
  const attached = routes.get(key);
  if (attached === undefined) routes.set(key, [route]);
  else attached.push(route);
}

function attachedRoute({ own, hosts, refused, findings }: IngressOutcome): AttachedRoute {
  const { namespace, name } = own.ingress.metadata;
  const { access, notes } = own.access;
  if (access.kind === 'denied') {
    return { namespace, name, state: 'Denied', reason: camelCase(access.reason), message: access.detail };
  }
  const problems = [...refused.map(({ message }) => message), ...notes, ...findings.map(({ message }) => message)];
  if (hosts === 0) {
    const message = eventText(['No host is programmed.', ...problems]);
    return { namespace, name, state: 'Denied', reason: 'NotProgrammed', message };
  }
  const reason = problems.length === 0 ? 'Programmed' : 'ProgrammedWithProblems';
  return { namespace, name, state: 'Programmed', reason, message: eventText(problems) };
}

function camelCase(reason: string): string {
  return reason
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
