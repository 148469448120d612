import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A script in a process of its own that reports numbers: one when it is ready, then one for each order. */
export interface ReportingProcess {
  /** The first report. */
  readonly ready: number;
  /** @returns its report on this order; rejects when the process ends instead */
  order(what: object): Promise<number>;
  close(): Promise<void>;
}

/** A message of such a process. */
export interface Report {
  readonly value: number;
}

/**
 * Forks a script of this folder. It keeps nobody from ending, and has to end with its parent ('disconnect'): so that a test
 * that fails leaves nothing behind.
 */
export async function startReporting(script: string, args: readonly string[]): Promise<ReportingProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const next = async (): Promise<number> => {
    const answer: unknown = await Promise.race([once(child, 'message'), exited.then(() => null)]);
    if (answer === null) throw new Error(`${script} has ended`);
    const [report] = answer as [Report];
    return report.value;
  };
  const ready = await next();
  child.unref();
  child.channel?.unref();
  return {
    ready,
    order: (what) => {
      const answer = next();
      child.send(what);
      return answer;
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
