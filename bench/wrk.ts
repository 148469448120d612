import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What wrk says about one run. Times in microseconds. */
export interface WrkFigures {
  readonly requests: number;
  readonly microseconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers with a status of 400 and more. */
  readonly badStatus: number;
  /** Connections, reads and writes that failed, and timeouts. */
  readonly failed: number;
}

export interface Load {
  readonly port: number;
  /** Cookie values, one a line, sent in turn. */
  readonly cookieFile: string;
  readonly host: string;
  readonly path: string;
  readonly seconds: number;
  readonly connections: number;
  /** The processor that wrk is pinned to. */
  readonly core: number;
}

const run = promisify(execFile);
const script = fileURLToPath(new URL('./rotate-cookies.lua', import.meta.url));

/** Runs wrk with keep-alive connections from one thread. @throws Error when it prints no figures */
export async function runWrk({ port, cookieFile, host, path, seconds, connections, core }: Load): Promise<WrkFigures> {
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script];
  const wrk = ['wrk', ...flags, `http://127.0.0.1:${port}`, '--', cookieFile, host, path];
  const { stdout } = await run('taskset', ['-c', String(core), ...wrk]);
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no figures:\n${stdout}`);
  return JSON.parse(line) as WrkFigures;
}
