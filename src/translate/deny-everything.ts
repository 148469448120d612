import { entryOf } from '../snapshot/content-hash.ts';
import type { Access, Snapshot } from '../snapshot/snapshot.ts';

const outdated: Access = {
  kind: 'denied',
  reason: 'config-outdated',
  detail:
    'The configuration is older than the operator of the controller allows, so that access may have been withdrawn meanwhile.',
};

/** The same hosts and paths with access for nobody, and no answer to a challenge: for what is known of a cluster when that is too old (CLOSED). */
export function denyEverything(snapshot: Snapshot): Snapshot {
  const hosts = [...snapshot.hosts].map(([key, { value }]) => {
    const routes = value.routes.map((route) => ({ ...route, access: outdated }));
    return [key, entryOf({ ...value, routes })] as const;
  });
  return Object.freeze({ ...snapshot, hosts: new Map(hosts), challenges: new Map() });
}
