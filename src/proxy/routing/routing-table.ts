import type { Host, Route, Snapshot } from '../../snapshot/snapshot.ts';

/** A host of the snapshot with its routes indexed: made once per snapshot. */
export interface LinkedHost {
  readonly host: Host;
  readonly exact: ReadonlyMap<string, RankedRoute>;
  readonly prefixes: ReadonlyMap<string, RankedRoute>;
  readonly longestPrefix: number;
}

interface RankedRoute {
  readonly rank: number;
  readonly route: Route;
}

export interface RoutingTable {
  host(name: string): LinkedHost | null;
}

export declare function buildRoutingTable(snapshot: Snapshot): RoutingTable;
export declare function matchRoute(host: LinkedHost, path: string): Route | 'ambiguous' | null;
