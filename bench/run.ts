import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../src/cli/dev-options.ts';
import { type BenchPlace, type Candidate, startEntragate, startForwarder, startNginxHop } from './candidates.ts';
import { ensureDebianTools } from './debian-tools.ts';
import { type LoadPlan, measureLoad } from './load-rounds.ts';
import { startUpstream } from './nginx.ts';
import { measurePropagation } from './propagation.ts';
import { changeLines, checkedLine, cookieLines, loadTable } from './report.ts';
import { measureTranslation } from './translate.ts';

const serverCore = 0;
const loadCore = 1;
const fullPlan: LoadPlan = { rounds: 9, warmUpSeconds: 4, seconds: 2, connections: 32, loadCore };
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
    const upstreamPort = await freePort('127.0.0.1');
    const upstream = await startUpstream(folder, loadCore, upstreamPort);
    closers.push(upstream.stop);
    const place: BenchPlace = { folder, serverCore, upstreamPort, sessions: 1000 };
    const candidates = await startCandidates(place, isQuick, closers);
    say('Load, each candidate in turn ...');
    const figures = await measureLoad(candidates, isQuick ? quickPlan : fullPlan);
    for (const line of [...loadTable(figures), ...cookieLines(candidates), checkedLine]) say(line);
  } finally {
    await close();
  }
}

/** The first one is what the others are compared with. All of them get what is sent to Entragate with 30 groups. */
async function startCandidates(
  place: BenchPlace,
  isQuick: boolean,
  closers: (() => Promise<void>)[],
): Promise<readonly Candidate[]> {
  const started = async (starting: Promise<Candidate>) => {
    const candidate = await starting;
    closers.push(candidate.stop);
    return candidate;
  };
  const entragate = (groups: number, groupsOfRoute: number) =>
    started(startEntragate(place, { groups, groupsOfRoute }));
  const thirty = await entragate(30, 3);
  const { cookieFile } = thirty;
  const hop = await started(startNginxHop(place, await freePort('127.0.0.1'), cookieFile));
  if (isQuick) return [hop, thirty, await entragate(200, 3)];
  return [
    hop,
    await started(startForwarder(place, 'undici alone', './undici-server.ts', cookieFile)),
    await started(startForwarder(place, 'http-proxy alone', './http-proxy-server.ts', cookieFile)),
    thirty,
    await entragate(200, 3),
    await entragate(30, 30),
    await entragate(200, 200),
  ];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
