import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';

/** What may stand between this machine and a registry. */
const settings = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/**
 * This machine's way to an npm registry, as the secrets of the Dockerfile, so that `npm ci` within a build goes the way that it goes outside:
 * its settings and credentials, and every authority that it trusts.
 *
 * @returns flags of `buildah build`
 */
export async function npmSecrets(folder: string): Promise<readonly string[]> {
  const [npmrc, authorities] = [join(folder, 'npmrc'), join(folder, 'npm-ca')];
  const asked = await npmConfig([...settings, 'userconfig', 'cafile']);
  const own = await readFile(asked.get('userconfig') ?? '', 'utf8').catch(() => '');
  const cafile = await readFile(asked.get('cafile') ?? '', 'utf8').catch(() => '');
  await writeFile(authorities, [...getCACertificates('default'), cafile].join('\n'));
  const lines = settings.flatMap((name) => (asked.has(name) ? [`${name}=${asked.get(name)}`] : []));
  await writeFile(npmrc, [own, ...lines, 'cafile=/run/secrets/npm-ca', ''].join('\n'), { mode: 0o600 });
  return ['--secret', `id=npmrc,src=${npmrc}`, '--secret', `id=npm-ca,src=${authorities}`];
}

/** Settings that have a value. */
async function npmConfig(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', ...names]);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return new Map(pairs.filter(([, value]) => !['', 'null', 'undefined'].includes(value)));
}
