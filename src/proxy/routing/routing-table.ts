import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type LinkedHost, linkHost } from './linked-host.ts';

/** Which host of a snapshot serves a name. Made once per snapshot; a request keeps the one it began with. */
export interface RoutingTable {
  /**
   * The host that owns a canonical name: exact, else the wildcard over its first label, else the one without a name. There is
   * no falling through: a path that the exact host does not route is not looked for under the wildcard.
   *
   * @param name as {@link CanonicalRequest.host}
   */
  host(name: string): LinkedHost | null;
}

/** Indexes the hosts of a snapshot by name. Maps only: `__proto__` is a name like any other (INERT). */
export function buildRoutingTable(snapshot: Pick<Snapshot, 'hosts'>): RoutingTable {
  const exact = new Map<string, LinkedHost>();
  const wildcards = new Map<string, LinkedHost>();
  let any: LinkedHost | null = null;
  for (const { value } of snapshot.hosts.values()) {
    const linked = linkHost(value);
    switch (value.pattern.kind) {
      case 'exact':
        exact.set(value.pattern.name, linked);
        break;
      case 'wildcard':
        wildcards.set(value.pattern.name, linked);
        break;
      case 'any':
        any = linked;
        break;
      default:
        unreachable(value.pattern);
    }
  }
  return Object.freeze({ host: (name: string) => exact.get(name) ?? wildcards.get(parentOf(name)) ?? any });
}

/** What follows the first label: a wildcard covers exactly one (Kubernetes `IngressRule.host`). */
function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

function unreachable(pattern: never): never {
  throw new TypeError(`Unknown kind of host pattern: ${JSON.stringify(pattern)}`);
}
