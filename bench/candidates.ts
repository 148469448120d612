import { join } from 'node:path';
import { startHop } from './nginx.ts';
import { type NodeServer, startNodeServer } from './node-server.ts';
import type { EntragateReady, EntragateSettings, ForwarderSettings } from './settings.ts';

/** One server that is measured, running. */
export interface Candidate {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** What wrk sends to it. */
  readonly cookieFile: string;
  readonly entragate: EntragateCandidate | null;
  stop(): Promise<void>;
}

/** What only Entragate can be asked. */
export interface EntragateCandidate {
  readonly server: NodeServer<EntragateReady>;
  readonly cookieBytes: number;
  readonly logFile: string;
  readonly groups: number;
}

export interface BenchPlace {
  /** For configuration, logs and cookies: readable for its owner only. */
  readonly folder: string;
  readonly serverCore: number;
  readonly upstreamPort: number;
  readonly sessions: number;
}

/** @param variant which groups the policies of the host mention, and how many of them the route's Policy names */
export async function startEntragate(
  place: BenchPlace,
  variant: Pick<EntragateSettings, 'groups' | 'groupsOfRoute'>,
): Promise<Candidate> {
  const name = `Entragate, ${variant.groups} groups, ${variant.groupsOfRoute} in the Policy`;
  const file = `entragate-${variant.groups}-${variant.groupsOfRoute}`;
  const cookieFile = join(place.folder, `${file}.cookies`);
  const logFile = join(place.folder, `${file}.log`);
  const { upstreamPort, sessions, serverCore } = place;
  const settings: EntragateSettings = { upstreamPort, sessions, cookieFile, ...variant };
  const server = await startNodeServer<EntragateReady>('./entragate-server.ts', serverCore, settings, logFile);
  const { port, cookieBytes } = server.ready;
  const entragate = { server, cookieBytes, logFile, groups: variant.groups };
  return { name, pid: server.pid, port, cookieFile, entragate, stop: server.stop };
}

export async function startForwarder(
  place: BenchPlace,
  name: string,
  script: string,
  cookieFile: string,
): Promise<Candidate> {
  const settings: ForwarderSettings = { upstreamPort: place.upstreamPort };
  const logFile = join(place.folder, 'forwarders.log');
  const server = await startNodeServer<{ port: number }>(script, place.serverCore, settings, logFile);
  return { name, pid: server.pid, port: server.ready.port, cookieFile, entragate: null, stop: server.stop };
}

export async function startNginxHop(place: BenchPlace, port: number, cookieFile: string): Promise<Candidate> {
  const { pid, stop } = await startHop(place.folder, place.serverCore, port, place.upstreamPort);
  return { name: 'nginx hop', pid, port, cookieFile, entragate: null, stop };
}
