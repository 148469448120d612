import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeProgram } from './build.ts';

export interface ProgramRun {
  readonly argv: readonly string[];
  /** Path of a kubeconfig; null: the program reaches no cluster. */
  readonly kubeconfig: string | null;
  /** What it reads from standard input. */
  readonly input: string;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm or kubectl with a home of its own, so that nothing of this machine's user counts. */
export async function runProgram(program: 'helm' | 'kubectl', run: ProgramRun): Promise<ProgramResult> {
  const path = await kubeProgram(program, 'allowed');
  const home = await mkdtemp(join(tmpdir(), 'entragate-home-'));
  const env = { PATH: process.env.PATH ?? '', HOME: home, KUBECONFIG: run.kubeconfig ?? '/dev/null' };
  try {
    const child = spawn(path, run.argv, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.stdin.on('error', () => {}).end(run.input);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, ...output };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The same, where anything but success fails the test with what the program said. Returns standard output. */
export async function succeed(program: 'helm' | 'kubectl', run: ProgramRun): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, run);
  if (code === 0) return stdout;
  throw new Error(`${program} ${run.argv.join(' ')} ended with ${code}: ${stderr}${stdout}`);
}
