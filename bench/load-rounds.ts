import { createReadStream } from 'node:fs';
import type { Candidate, EntragateCandidate } from './candidates.ts';
import { medianOf } from './median.ts';
import { processTreeUse } from './process-tree.ts';
import { checkRevocation } from './revocation-check.ts';
import { benchHost, benchPath, type EntragateCounts } from './settings.ts';
import { runWrk, type WrkFigures } from './wrk.ts';

/** Medians over the rounds. */
export interface CandidateFigures {
  readonly name: string;
  /** User and system time of the server's processes for each request, in microseconds. */
  readonly cpuMicroseconds: number;
  /** The same divided by that of the first candidate in the same round. */
  readonly ratio: number;
  /** Lowest and highest of these ratios. */
  readonly ratioRange: readonly [number, number];
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly residentMebibytes: number;
}

export interface LoadPlan {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly loadCore: number;
}

interface Measured {
  readonly wrk: WrkFigures;
  readonly cpuMicroseconds: number;
  readonly residentMebibytes: number;
}

/**
 * Puts load on the candidates in turn, round after round, so that whatever else happens on the machine meets all of them.
 *
 * @throws Error when an answer was not 200, a revoked session was let through, or a request is not in log and metrics
 */
export async function measureLoad(candidates: readonly Candidate[], plan: LoadPlan): Promise<CandidateFigures[]> {
  const measured = candidates.map((): Measured[] => []);
  const totals = new Map<Candidate, number>();
  const count = (candidate: Candidate, { requests }: WrkFigures) =>
    totals.set(candidate, (totals.get(candidate) ?? 0) + requests);
  for (const candidate of candidates) count(candidate, await load(candidate, plan, plan.warmUpSeconds));
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [index, candidate] of candidates.entries()) {
      const figures = await measureOnce(candidate, plan);
      measured[index]?.push(figures);
      count(candidate, figures.wrk);
    }
  }
  for (const candidate of candidates) {
    if (candidate.entragate !== null) await checkCounts(candidate, candidate.entragate, totals.get(candidate) ?? 0);
  }
  const base = measured[0] ?? [];
  return candidates.map(({ name }, index) => summarise(name, measured[index] ?? [], base));
}

async function measureOnce(candidate: Candidate, plan: LoadPlan): Promise<Measured> {
  const before = processTreeUse(candidate.pid);
  const wrk = await load(candidate, plan, plan.seconds);
  const after = processTreeUse(candidate.pid);
  return {
    wrk,
    cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / wrk.requests,
    residentMebibytes: after.residentBytes / 2 ** 20,
  };
}

async function load(candidate: Candidate, plan: LoadPlan, seconds: number): Promise<WrkFigures> {
  const { port, cookieFile, entragate, name } = candidate;
  const { connections, loadCore } = plan;
  const target = { port, cookieFile, host: benchHost, path: benchPath };
  const running = runWrk({ ...target, seconds, connections, core: loadCore });
  if (entragate !== null) await inTheMiddle(seconds, () => checkRevocation(candidate, entragate));
  const figures = await running;
  if (figures.badStatus > 0 || figures.failed > 0) {
    throw new Error(`${name}: ${figures.badStatus} answers of 400 and more, ${figures.failed} failed connections`);
  }
  return figures;
}

async function inTheMiddle(seconds: number, work: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 500));
  await work();
}

/**
 * wrk knows errors by status only from 400 on, and counts no request that was still open at the end: so what the server has
 * counted is checked to be 200 throughout, and all of it to be in the access log.
 */
async function checkCounts(candidate: Candidate, entragate: EntragateCandidate, sent: number): Promise<void> {
  const deadline = Date.now() + LOG_PATIENCE_MS;
  for (;;) {
    const counts = await entragate.server.ask<EntragateCounts>({ type: 'counts' });
    const { '200': ok = 0, '401': refused = 0, '0': left = 0, ...others } = counts; // 0: wrk left at the end of a run
    if (ok < sent || Object.keys(others).length > 0) {
      throw new Error(`${candidate.name}: ${sent} requests were answered, its metrics say ${JSON.stringify(counts)}`);
    }
    const written = ok + refused + left;
    const lines = await linesOf(entragate.logFile);
    if (lines === written) return;
    if (Date.now() > deadline)
      throw new Error(`${candidate.name}: ${written} requests, ${lines} lines in the access log`);
  }
}

/** Lines are written a moment later. */
const LOG_PATIENCE_MS = 60_000;

async function linesOf(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}

function summarise(name: string, measured: readonly Measured[], base: readonly Measured[]): CandidateFigures {
  const ratios = measured.map(({ cpuMicroseconds }, round) => {
    return cpuMicroseconds / (base[round]?.cpuMicroseconds ?? Number.NaN);
  });
  return {
    name,
    cpuMicroseconds: medianOf(measured.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    ratio: medianOf(ratios),
    ratioRange: [Math.min(...ratios), Math.max(...ratios)],
    requestsPerSecond: medianOf(measured.map(({ wrk }) => (wrk.requests * 1e6) / wrk.microseconds)),
    p50Milliseconds: medianOf(measured.map(({ wrk }) => wrk.p50 / 1000)),
    p99Milliseconds: medianOf(measured.map(({ wrk }) => wrk.p99 / 1000)),
    residentMebibytes: medianOf(measured.map(({ residentMebibytes }) => residentMebibytes)),
  };
}
