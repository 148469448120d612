import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../src/cli/dev-options.ts';
import { startEntragate } from './candidates.ts';
import { ensureDebianTools } from './debian-tools.ts';
import { medianOf } from './median.ts';
import { startUpstream } from './nginx.ts';
import { startNodeServer } from './node-server.ts';
import { PreparedConnection } from './prepared-connection.ts';
import { benchHost, benchPath, type FloodSettings } from './settings.ts';

/**
 * `node bench/flood.ts`: how long signed-in users wait while others flood the same worker with requests of nobody, beside how
 * long they wait in quiet. The server has one processor; flood, members and app have the other.
 */
const serverCore = 0;
const loadCore = 1;
const rounds = 11;
const roundMs = 700;
const memberConnections = 8;
const mostPauseMs = 8;

const floods = [
  { name: '16 connections, 401', connections: 16, accept: 'application/json' },
  { name: '16 connections, 302', connections: 16, accept: 'text/html' },
  { name: '256 connections, 401', connections: 256, accept: 'application/json' },
  { name: '256 connections, 302', connections: 256, accept: 'text/html' },
] as const;

ensureDebianTools(say);
execFileSync('taskset', ['-cp', String(loadCore), String(process.pid)], { stdio: 'ignore' });
const folder = await mkdtemp(join(tmpdir(), 'entragate-flood-'));
const upstreamPort = await freePort('127.0.0.1');
const upstream = await startUpstream(folder, loadCore, upstreamPort);
const place = { folder, serverCore, upstreamPort, sessions: 100 };
const entragate = await startEntragate(place, { groups: 30, groupsOfRoute: 30 });
try {
  const cookies = (await readFile(entragate.cookieFile, 'utf8')).split('\n').slice(0, memberConnections);
  const members = await Promise.all(
    cookies.map((cookie) => PreparedConnection.open(entragate.port, requestOf('application/json', cookie))),
  );
  await measure(members);
  for (const flood of floods) say(await compare(members, flood));
  for (const member of members) member.close();
} finally {
  await entragate.stop();
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Quiet and flooded in turn, so that whatever else happens on the machine meets both; medians over the rounds. */
async function compare(members: readonly PreparedConnection[], flood: (typeof floods)[number]): Promise<string> {
  const { name, connections, accept } = flood;
  const settings: FloodSettings = { port: entragate.port, connections, request: requestOf(accept, '') };
  const measured: { readonly quiet: readonly number[]; readonly flooded: readonly number[] }[] = [];
  let answered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const quiet = await measure(members);
    const source = await startNodeServer('./flood-source.ts', loadCore, settings, join(folder, 'flood.log'));
    measured.push({ quiet, flooded: await measure(members) });
    answered += await source.ask<number>({});
    await source.stop();
  }
  const figures = (title: string, part: number) => {
    const pairs = measured.map(({ quiet, flooded }) => [quantile(quiet, part), quantile(flooded, part)] as const);
    const quiet = medianOf(pairs.map(([before]) => before)).toFixed(2);
    const flooded = medianOf(pairs.map(([, during]) => during)).toFixed(2);
    const ratio = medianOf(pairs.map(([before, during]) => during / before)).toFixed(1);
    return `${title} ${quiet} → ${flooded} ms (× ${ratio})`;
  };
  const rate = Math.round((answered * 1000) / (rounds * roundMs));
  return `${name.padEnd(24)}${figures('p50', 0.5)}, ${figures('p90', 0.9)}, ${figures('p99', 0.99)}, flood ${rate}/s`;
}

/** Milliseconds that each request of the members took. */
async function measure(members: readonly PreparedConnection[]): Promise<readonly number[]> {
  const end = performance.now() + roundMs;
  const times: number[] = [];
  const visit = async (member: PreparedConnection) => {
    while (performance.now() < end) {
      const start = performance.now();
      const status = await member.exchange();
      times.push(performance.now() - start);
      if (status !== 200) throw new Error(`A member was answered ${status}`);
      await pause(Math.random() * mostPauseMs);
    }
  };
  await Promise.all(members.map(visit));
  return times;
}

function requestOf(accept: string, cookie: string): string {
  return [
    `GET ${benchPath} HTTP/1.1`,
    `Host: ${benchHost}`,
    `Accept: ${accept}`,
    `X-Forwarded-For: ${cookie === '' ? '203.0.113.66' : '203.0.113.7'}`,
    'X-Forwarded-Proto: https',
    ...(cookie === '' ? [] : [`Cookie: ${cookie}`]),
    '\r\n',
  ].join('\r\n');
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
