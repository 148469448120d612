import { spawn } from 'node:child_process';

/** Why no cluster can run here, and the way to get one, in one line. */
export class KubeUnavailable extends Error {}

/**
 * Runs one command of a build, in silence.
 *
 * @param advice what to do where it fails
 * @throws KubeUnavailable with the command's last words and the advice
 */
export async function buildStep(
  command: readonly [string, ...string[]],
  cwd: string,
  advice: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { status, output } = await runSilently(command, cwd, environment);
  if (status === 0) return;
  const last = output.trim().split('\n').at(-1) ?? '';
  throw new KubeUnavailable(
    `no test cluster here (${command[0]} ended with ${status}${last && `: ${last}`}). ${advice}`,
  );
}

/** How a command ended, and the last 4,000 characters that it wrote. */
export async function runSilently(
  [program, ...argv]: readonly [string, ...string[]],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | string; readonly output: string }> {
  const child = spawn(program, argv, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-4000);
    });
  }
  const status = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code ?? 'a signal'));
  });
  return { status, output };
}
