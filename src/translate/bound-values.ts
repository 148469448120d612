import { policyCost } from '../policy/compile/policy-cost.ts';
import type { OwnIngress } from './own-ingress.ts';
import { deniedForValues } from './resolve-access.ts';

/**
 * Most values that the Ingresses of one namespace may ask about through policies, the same policies together counting once. They are sent to every worker:
 * a hundred policies of 400 kB, each on an Ingress of its own, would be 170 MB in one message (ISOLATED).
 */
const MOST_VALUES_OF_NAMESPACE = 100_000;

/**
 * Denies the Ingresses whose policies are more than their namespace may use.
 *
 * @param ingresses oldest first: what older ones use stays
 */
export function boundValues(ingresses: readonly OwnIngress[]): readonly OwnIngress[] {
  const byNamespace = new Map<string, { readonly asked: Set<string>; values: number }>();
  return ingresses.map((own) => {
    const { access, policies } = own.access;
    if (access.kind !== 'policy') return own;
    const used = byNamespace.getOrInsertComputed(own.ingress.metadata.namespace, () => ({
      asked: new Set(),
      values: 0,
    }));
    const together = access.policies.join();
    if (used.asked.has(together)) return own;
    const values = policies.values().reduce((sum, { value }) => sum + policyCost(value.program).values, used.values);
    if (values > MOST_VALUES_OF_NAMESPACE)
      return { ...own, access: deniedForValues(own.access, MOST_VALUES_OF_NAMESPACE) };
    used.asked.add(together);
    used.values = values;
    return own;
  });
}
