import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** A server process of a test cluster. */
export interface Child {
  readonly isRunning: () => boolean;
  /** Ends it and waits for its end. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** The last lines it logged, for the message of a failed start. */
  readonly lastWords: () => Promise<string>;
}

const running = new Set<ChildProcess>();

// Nothing may outlive the test process, however it ends.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server that logs into a file. */
export function startChild(program: string, argv: readonly string[], logFile: string): Child {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const log = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  const ended = new Promise<void>((resolve) => {
    const finish = () => {
      running.delete(child);
      log.end();
      resolve();
    };
    child.once('close', finish);
    child.once('error', finish);
  });
  return {
    isRunning: () => running.has(child),
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
    lastWords: async () => {
      const text = await readFile(logFile, 'utf8').catch(() => '');
      return `${basename(program)}: ${text.trim().split('\n').slice(-5).join('\n')}`;
    },
  };
}
