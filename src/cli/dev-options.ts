import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseHostPattern } from '../api/host-pattern.ts';
import type { Config, ServiceMapping } from '../config/config.ts';
import { readKeyPair } from './key-pair-files.ts';
import type { KeyPairPem } from './local-authority.ts';
import { type Option, type OptionValues, readOptions, UsageError } from './options.ts';

/** What `entragate dev` was asked to do. */
export interface DevOptions {
  readonly folders: readonly string[];
  readonly config: Config;
  /** The host that signs in for all others; null: each for itself. */
  readonly authHost: string | null;
  readonly mappings: readonly ServiceMapping[];
  /** Where the local certificate authority is kept. */
  readonly stateFolder: string;
  /** The default certificate; null: the local authority issues one for hosts below `localhost`. */
  readonly certificate: KeyPairPem | null;
  readonly log: { readonly format: 'json' | 'pretty'; readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

/** The options of `entragate dev`, as its help shows them. */
export const devOptionTable: readonly Option[] = [
  { name: 'https-port', value: 'PORT', fallback: '8443', help: 'where browsers come in; 0 takes a free port' },
  { name: 'http-port', value: 'PORT', fallback: '8080', help: 'plain HTTP, redirected to https' },
  { name: 'admin-port', value: 'PORT', fallback: '9090', help: '/healthz, /readyz and /metrics' },
  { name: 'listen', value: 'ADDRESS', fallback: '127.0.0.1', help: 'address that all three bind' },
  { name: 'external-https-port', value: 'PORT', fallback: '', help: 'https port as browsers see it (the https port)' },
  {
    name: 'auth-host',
    value: 'NAME',
    fallback: 'auth.localhost',
    help: 'the host that signs in for all others; none: each host for itself',
  },
  {
    name: 'authority-ca',
    value: 'FILE',
    fallback: '',
    help: 'certificate authority of the identity provider, e.g. the emulator',
  },
  {
    name: 'certificate',
    value: 'FILE',
    fallback: '',
    help: 'default certificate (PEM, chain included) in place of the local authority’s; needs --key',
  },
  { name: 'key', value: 'FILE', fallback: '', help: 'private key (PEM) of --certificate' },
  {
    name: 'map',
    value: 'NS/SERVICE:PORT=HOST:PORT',
    fallback: '',
    isRepeated: true,
    help: 'where a Service really answers; repeatable',
  },
  {
    name: 'trusted-proxies',
    value: 'CIDR',
    fallback: '',
    isRepeated: true,
    help: 'load balancers whose X-Forwarded-* count; repeatable',
  },
  { name: 'workers', value: 'N', fallback: '0', help: 'worker processes; 0 serves in this one' },
  { name: 'state', value: 'FOLDER', fallback: '.entragate', help: 'keeps the local certificate authority' },
  { name: 'log', value: 'FORMAT', fallback: '', help: 'json or pretty (pretty on a terminal)' },
  { name: 'log-level', value: 'LEVEL', fallback: 'info', help: 'debug, info, warn or error' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

/**
 * Reads the command line of `entragate dev`.
 *
 * @throws UsageError with what to write instead
 */
export async function readDevOptions(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<DevOptions | 'help'> {
  const values = readOptions(devOptionTable, argv, environment);
  if (values.isOn('help')) return 'help';
  if (values.positionals.length === 0) throw new UsageError('entragate dev needs a folder of manifests');
  return {
    folders: values.positionals,
    config: await readConfig(values, environment),
    authHost: readAuthHost(values.text('auth-host')),
    mappings: values.list('map').map(readMapping),
    stateFolder: values.text('state'),
    certificate: readKeyPair(values.text('certificate'), values.text('key')),
    log: { format: readFormat(values.text('log')), level: readLevel(values.text('log-level')) },
  };
}

async function readConfig(values: OptionValues, environment: NodeJS.ProcessEnv): Promise<Config> {
  const host = values.text('listen');
  const httpsPort = values.number('https-port', 65_535) || (await freePort(host));
  const authorityCa = values.text('authority-ca');
  return Object.freeze({
    https: { host, port: httpsPort },
    http: { host, port: values.number('http-port', 65_535) },
    admin: { host, port: values.number('admin-port', 65_535) },
    externalHttpsPort:
      values.text('external-https-port') === '' ? httpsPort : values.number('external-https-port', 65_535),
    workers: values.number('workers', 64),
    trustedProxies: values.list('trusted-proxies'),
    authorityCa: authorityCa === '' ? null : readCertificates(authorityCa),
    deniedCidrs: [],
    federatedTokenFile: environment.AZURE_FEDERATED_TOKEN_FILE ?? null,
    isDevelopment: true,
  });
}

/**
 * Reads `--auth-host`, of any command.
 *
 * @returns null for `none`
 * @throws UsageError for what is no host name
 */
export function readAuthHost(text: string): string | null {
  if (text.toLowerCase() === 'none') return null;
  const read = parseHostPattern(text);
  if (read.ok && read.value.kind === 'exact') return read.value.host;
  const problem = read.ok ? `${JSON.stringify(text)} is a pattern, not one host` : read.message;
  throw new UsageError(`--auth-host: ${problem}; or none`);
}

/**
 * Reads `apps/ledger:http=127.0.0.1:9001`.
 *
 * @throws UsageError
 */
export function readMapping(text: string): ServiceMapping {
  const match = /^([a-z0-9-]+)\/([a-z0-9-]+):([a-z0-9-]+)=(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(
    text,
  );
  const [, namespace = '', service = '', port = '', address6, address, targetPort = ''] = match ?? [];
  if (match === null || Number(targetPort) < 1 || Number(targetPort) > 65_535) {
    throw new UsageError(
      `--map takes NAMESPACE/SERVICE:PORT=HOST:PORT, such as apps/ledger:http=127.0.0.1:9001, not ${JSON.stringify(text)}`,
    );
  }
  return { namespace, service, port, target: { host: address6 ?? address ?? '', port: Number(targetPort) } };
}

/** Reads the file of `--authority-ca`. Throws UsageError. */
export function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `--authority-ca: ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

/** Reads `--log`; empty: pretty on a terminal. Throws UsageError. */
export function readFormat(text: string): 'json' | 'pretty' {
  if (text === 'json' || text === 'pretty') return text;
  if (text === '') return process.stdout.isTTY ? 'pretty' : 'json';
  throw new UsageError(`--log takes json or pretty, not ${JSON.stringify(text)}`);
}

/** Reads `--log-level`. Throws UsageError. */
export function readLevel(text: string): 'debug' | 'info' | 'warn' | 'error' {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text;
  throw new UsageError(`--log-level takes debug, info, warn or error, not ${JSON.stringify(text)}`);
}

/** Below the ports that systems hand out to outgoing connections (IANA: from 49152; Linux: from 32768). */
const chosenPorts = { from: 10_240, to: 32_767, tries: 64 } as const;

/**
 * A free TCP port: redirects name the https port before anything listens on it. It is chosen where no outgoing connection
 * of another program can take it until somebody does.
 */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < chosenPorts.tries; attempt += 1) {
    const port = randomInt(chosenPorts.from, chosenPorts.to + 1);
    if (await isFree(host, port)) return port;
  }
  throw new UsageError(`no free port was found on ${host}; name one with --https-port`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)).listen(port, host, () => server.close(() => resolve(true)));
  });
}
