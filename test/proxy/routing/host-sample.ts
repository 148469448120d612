import { tableKey } from '../../../src/snapshot/ids.ts';
import type { Host, HostPattern, Route, RoutePath, Snapshot } from '../../../src/snapshot/snapshot.ts';

/** `=/path` is Exact, `/path` is Prefix. The route's id is what was written. */
function routeOf(text: string): Route {
  const path: RoutePath = text.startsWith('=')
    ? { type: 'Exact', value: text.slice(1) }
    : { type: 'Prefix', value: text };
  return {
    id: text,
    ingress: { namespace: 'apps', name: 'app' },
    path,
    access: { kind: 'public', why: 'test' },
    backend: { kind: 'unavailable', reason: 'no-backend' },
  };
}

export function hostOf(pattern: HostPattern, ...routes: readonly string[]): Host {
  return {
    pattern,
    namespace: 'apps',
    certificate: { kind: 'default' },
    routes: routes.map(routeOf),
    mentions: { groups: [], roles: [], claims: [], fingerprint: '' },
  };
}

export function hostsOf(...hosts: readonly Host[]): Pick<Snapshot, 'hosts'> {
  return {
    hosts: new Map(hosts.map((value, index) => [tableKey('host', String(index)), { hash: String(index), value }])),
  };
}
