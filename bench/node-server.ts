import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A candidate that runs on Node, in a process of its own; it answers questions over IPC. */
export interface NodeServer<Ready> {
  readonly pid: number;
  /** What it said when it was listening. */
  readonly ready: Ready;
  /** Asks for something, and resolves with the answer. One question at a time. */
  ask<Answer>(question: object): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a script of this folder, pinned to a processor. Its first message says that it listens.
 *
 * @param settings given to the script as JSON, its only argument
 * @param logFile what it writes to standard output goes there
 */
export async function startNodeServer<Ready>(
  script: string,
  core: number,
  settings: object,
  logFile: string,
): Promise<NodeServer<Ready>> {
  const log = openSync(logFile, 'a');
  const path = fileURLToPath(new URL(script, import.meta.url));
  const command = ['-c', String(core), process.execPath, ...nodeFlags(), path, JSON.stringify(settings)];
  const env = { ...process.env, NODE_NO_WARNINGS: '1' };
  const child = spawn('taskset', command, { env, stdio: ['ignore', log, 'inherit', 'ipc'] });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await nextMessage<Ready>(child, script);
  if (child.pid === undefined) throw new Error(`${script} did not start`);
  return {
    pid: child.pid,
    ready,
    ask: async <Answer>(question: object) => {
      if (!child.connected) throw new Error(`${script} has ended`);
      const answer = nextMessage<Answer>(child, script);
      child.send(question);
      return answer;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** `BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/prof"` profiles the servers. */
function nodeFlags(): readonly string[] {
  return (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
}

function nextMessage<Message>(child: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${name} ended with code ${code}`));
    child.once('exit', onExit);
    child.once('message', (message: Message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
