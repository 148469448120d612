import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSilently } from '../kube/build-step.ts';

/** Runs one buildah command. @throws Error with its last words when it fails */
export type Buildah = (argv: readonly string[], cwd: string) => Promise<void>;

/** Images come out of this machine's own stores and archives; nothing is asked of a registry. */
const policy = {
  default: [{ type: 'reject' }],
  transports: {
    'containers-storage': { '': [{ type: 'insecureAcceptAnything' }] },
    'docker-archive': { '': [{ type: 'insecureAcceptAnything' }] },
  },
};

/**
 * Buildah with a store and settings of its own: those of the machine are neither read nor written.
 *
 * @param packages folder of `debianPackages`
 * @param folder for its store, settings and temporary files; not below /usr
 * @param baseStores stores of other images, which are only read
 */
export async function openBuildah(packages: string, folder: string, baseStores: readonly string[]): Promise<Buildah> {
  const [store, settings, temporary] = [join(folder, 'store'), join(folder, 'settings'), join(folder, 'temporary')];
  for (const path of [store, settings, temporary]) await mkdir(path, { recursive: true });
  const storage = [
    '[storage]',
    'driver = "overlay"',
    `graphroot = ${JSON.stringify(store)}`,
    `runroot = ${JSON.stringify(join(folder, 'run'))}`,
    '[storage.options]',
    `additionalimagestores = ${JSON.stringify(baseStores)}`,
  ];
  await writeFile(join(settings, 'storage.conf'), `${storage.join('\n')}\n`);
  await writeFile(join(settings, 'policy.json'), JSON.stringify(policy));
  for (const file of ['registries.conf', 'containers.conf']) await writeFile(join(settings, file), '');
  const environment = {
    TMPDIR: temporary,
    CONTAINERS_CONF: join(settings, 'containers.conf'),
    CONTAINERS_REGISTRIES_CONF: join(settings, 'registries.conf'),
    CONTAINERS_STORAGE_CONF: join(settings, 'storage.conf'),
  };
  const installed = join(import.meta.dirname, 'as-installed.sh');
  return async ([command = '', ...argv], cwd) => {
    const isSigned = ['build', 'commit', 'push'].includes(command);
    const flags = isSigned ? ['--signature-policy', join(settings, 'policy.json')] : [];
    const whole = ['unshare', '--mount', installed, packages, 'buildah', command, ...flags, ...argv] as const;
    const { status, output } = await runSilently(whole, cwd, environment);
    if (status !== 0) throw new Error(`buildah ${command} ended with ${status}:\n${output}`);
  };
}
