import { readFileSync } from 'node:fs';

/** A command: `describe` is its line in the help; `load` imports it only when it is asked for. */
interface Command {
  readonly describe: string;
  readonly load: () => Promise<(argv: readonly string[]) => Promise<number>>;
}

const commands: ReadonlyMap<string, Command> = new Map([
  [
    'serve',
    {
      describe: 'follow a cluster and serve its Ingresses: what runs in the pod',
      load: async () => (await import('./serve.ts')).runServe,
    },
  ],
  [
    'dev',
    {
      describe: 'serve folders of manifests on this machine',
      load: async () => (await import('./dev.ts')).runDev,
    },
  ],
  [
    'check',
    {
      describe: 'validate folders of manifests, for people and for CI',
      load: async () => (await import('./check.ts')).runCheck,
    },
  ],
  [
    'emulator',
    {
      describe: 'run a local Entra ID and Microsoft Graph for development and tests',
      load: async () => (await import('./emulator.ts')).runEmulator,
    },
  ],
]);

/**
 * Runs one command line.
 *
 * @param argv what follows the program's name
 * @returns the exit code: 0 success, 1 the command failed, 2 the command line is wrong
 */
export async function commandLine(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const command = commands.get(name);
  if (command === undefined) {
    process.stderr.write(`entragate: there is no command ${JSON.stringify(name)}.\n\n${usage()}`);
    return 2;
  }
  const run = await command.load();
  return run(rest);
}

/** The version in package.json, beside `src/` and beside `dist/`. */
function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? `entragate ${String(manifest.version)}` : 'entragate';
}

function usage(): string {
  const lines = [...commands].map(([name, { describe }]) => `  ${name.padEnd(10)}${describe}`);
  return `Entragate puts Microsoft Entra ID in front of every routed host.\n\nUsage: entragate COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nentragate COMMAND --help tells a command's options; entragate --version the version.\n`;
}
