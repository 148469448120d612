import type { ApiRequests } from '../kube/api-requests.ts';
import type { ExpectedPolicy } from './policy-churn.ts';

interface ReadPolicy {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: {
    readonly conditions: readonly ReadCondition[];
    readonly controllers: readonly [{ readonly routes: readonly ReadRoute[] }];
  };
}

interface ReadCondition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration: number;
}

interface ReadRoute {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/** Policies of a namespace that do not show what they have to, in words. One that was not observed since its last change is one of them. */
export async function wrongStatuses(
  admin: ApiRequests,
  namespace: string,
  policies: readonly ExpectedPolicy[],
): Promise<readonly string[]> {
  const path = `/apis/entragate.dev/v1alpha1/namespaces/${namespace}/policies`;
  const { items } = (await admin.expect(200, admin.send('GET', path))) as { readonly items: readonly ReadPolicy[] };
  const shown = new Map(items.map((item) => [item.metadata.name, item]));
  return policies.flatMap((expected) => {
    const { metadata, status } = shown.get(expected.name) ?? {};
    const accepted = status?.conditions.find(({ type }) => type === 'Accepted');
    const routes = status?.controllers[0].routes.map(({ name, state, reason }) => `${name} ${state} ${reason}`);
    const found = { name: expected.name, accepted: accepted?.status, routes: routes?.toSorted() };
    const isOfNow = accepted !== undefined && accepted.observedGeneration === metadata?.generation;
    if (isOfNow && JSON.stringify(found) === JSON.stringify(expected)) return [];
    return [
      `${JSON.stringify(found)} instead of ${JSON.stringify(expected)}${isOfNow ? '' : ', of an older generation'}`,
    ];
  });
}
