import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchPlace, type Candidate, startEntragate, startForwarder, startNginxHop } from './candidates.ts';
import { ensureDebianTools } from './debian-tools.ts';
import { type LoadPlan, measureLoad } from './load-rounds.ts';
import { startUpstream } from './nginx.ts';
import { measurePropagation } from './propagation.ts';
import { changeLines, cookieLines, loadTable } from './report.ts';
import { measureTranslation } from './translate.ts';

const serverCore = 0;
const loadCore = 1;
const fullPlan: LoadPlan = { rounds: 5, warmUpSeconds: 4, seconds: 4, connections: 64, loadCore };
const quickPlan: LoadPlan = { rounds: 1, warmUpSeconds: 1, seconds: 1, connections: 16, loadCore };

const usage = `npm run bench [-- OPTIONS]

CPU for each request of Entragate with everything on, beside that of a bare nginx hop; time from a changed object to a worker.
Needs Linux, two processors, and nginx and wrk, which it installs from Debian's packages where they are missing.

  --quick   a second for each candidate: shows that all of it works, measures little
  --help    this text`;

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, help: { type: 'boolean' } } });
if (values.help === true) say(usage);
else await bench(values.quick === true);

async function bench(isQuick: boolean): Promise<void> {
  if (availableParallelism() < 2) throw new Error('The bench needs two processors: one for servers, one for the load.');
  ensureDebianTools(say);
  if (!isQuick) {
    say('Objects to snapshots ...');
    for (const line of changeLines(measureTranslation(), await measurePropagation())) say(line);
  }
  execFileSync('taskset', ['-cp', String(loadCore), String(process.pid)], { stdio: 'ignore' });
  const folder = await mkdtemp(join(tmpdir(), 'entragate-bench-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().then(() => process.exit(1)));
  try {
    const upstreamPort = await freePort();
    const upstream = await startUpstream(folder, loadCore, upstreamPort);
    closers.push(upstream.stop);
    const place: BenchPlace = { folder, serverCore, upstreamPort, sessions: 1000 };
    const candidates = await startCandidates(place, closers);
    say('Load, each candidate in turn ...');
    const figures = await measureLoad(candidates, isQuick ? quickPlan : fullPlan);
    for (const line of [...loadTable(figures), ...cookieLines(candidates)]) say(line);
  } finally {
    await close();
  }
}

/** The first one is what the others are compared with. All send what a client of the 30-group one sends. */
async function startCandidates(place: BenchPlace, closers: (() => Promise<void>)[]): Promise<readonly Candidate[]> {
  const started = async (starting: Promise<Candidate>) => {
    const candidate = await starting;
    closers.push(candidate.stop);
    return candidate;
  };
  const entragate = await started(startEntragate(place, { groups: 30, groupsOfRoute: 30 }));
  const { cookieFile } = entragate;
  return [
    await started(startNginxHop(place, await freePort(), cookieFile)),
    await started(startForwarder(place, 'undici alone', './undici-server.ts', cookieFile)),
    await started(startForwarder(place, 'http-proxy alone', './http-proxy-server.ts', cookieFile)),
    entragate,
    await started(startEntragate(place, { groups: 200, groupsOfRoute: 30 })),
    await started(startEntragate(place, { groups: 200, groupsOfRoute: 200 })),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
