import { isIP } from 'node:net';
import { parseDuration } from '../api/duration.ts';
import type { Config } from '../config/config.ts';
import type { LoadBalancerAddress } from '../kube/status/desired-status.ts';
import type { LogLevel } from '../telemetry/logger.ts';
import {
  type ClusterOptions,
  clusterOptionTable,
  readClusterOptions,
  readName,
  readQualified,
} from './cluster-options.ts';
import { readCertificates, readFormat, readLevel } from './dev-options.ts';
import { type Option, type OptionValues, readOptions, UsageError } from './options.ts';
import { defaultWorkerCount } from './worker-count.ts';

/** What `entragate serve` was asked to do. */
export interface ServeOptions extends ClusterOptions {
  readonly config: Config;
  /** Names the key Secret and the Lease of this release, in the controller's namespace. */
  readonly release: string;
  readonly published: Published;
  readonly log: { readonly format: 'json' | 'pretty'; readonly level: LogLevel };
  /** How long a request under way may go on after SIGTERM (ms). */
  readonly graceMs: number;
  /** Age at which the newest session key gets a successor (ms). */
  readonly rotateKeysEvery: number;
  /** Age of what is known of the cluster past which everything is denied (ms); null: none. */
  readonly maxConfigAge: number | null;
}

/** Which addresses Ingresses show as theirs. */
type Published =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly addresses: readonly LoadBalancerAddress[] }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string };

/** The options of `entragate serve`, as its help shows them. */
export const serveOptionTable: readonly Option[] = [
  ...clusterOptionTable,
  { name: 'release', value: 'NAME', fallback: 'entragate', help: 'names the key Secret and the Lease' },
  {
    name: 'listen',
    value: 'ADDRESS',
    fallback: '0.0.0.0',
    help: 'address that all three ports bind; :: for both families',
  },
  { name: 'https-port', value: 'PORT', fallback: '8443', help: 'where browsers come in' },
  { name: 'http-port', value: 'PORT', fallback: '8080', help: 'plain HTTP, redirected to https' },
  { name: 'admin-port', value: 'PORT', fallback: '9090', help: '/healthz, /readyz and /metrics' },
  { name: 'external-https-port', value: 'PORT', fallback: '443', help: 'https port as browsers see it' },
  {
    name: 'trusted-proxies',
    value: 'CIDR',
    fallback: '',
    isRepeated: true,
    help: 'load balancers whose X-Forwarded-* count; repeatable',
  },
  {
    name: 'authority-ca',
    value: 'FILE',
    fallback: '',
    help: 'certificate authority of an origin of --allow-authority',
  },
  {
    name: 'publish-address',
    value: 'ADDRESS',
    fallback: '',
    isRepeated: true,
    help: 'IP or name that Ingresses show as theirs; repeatable',
  },
  {
    name: 'publish-service',
    value: '[NS/]SERVICE',
    fallback: '',
    help: 'Service whose load balancer addresses Ingresses show, where no address is given',
  },
  {
    name: 'workers',
    value: 'N',
    fallback: '',
    help: 'worker processes (the CPU limit, else at most 4); 0: this one serves',
  },
  { name: 'key-rotation', value: 'DURATION', fallback: '720h', help: 'age at which the session key gets a successor' },
  {
    name: 'max-config-age',
    value: 'DURATION',
    fallback: '',
    help: 'deny everything when the configuration is older: no word from the API server, or no change applied (never)',
  },
  { name: 'grace', value: 'SECONDS', fallback: '30', help: 'for requests under way when asked to end' },
  { name: 'log', value: 'FORMAT', fallback: 'json', help: 'json or pretty' },
  { name: 'log-level', value: 'LEVEL', fallback: 'info', help: 'debug, info, warn or error' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

/**
 * Reads the command line of `entragate serve`.
 *
 * @throws UsageError with what to write instead
 */
export function readServeOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): ServeOptions | 'help' {
  const values = readOptions(serveOptionTable, argv, environment);
  if (values.isOn('help')) return 'help';
  const [stray] = values.positionals;
  if (stray !== undefined) {
    throw new UsageError(`entragate serve follows a cluster and takes no folder such as ${JSON.stringify(stray)}`);
  }
  const cluster = readClusterOptions(values);
  const { translation } = cluster;
  return {
    ...cluster,
    config: readConfig(values, translation, environment),
    release: readName('release', values.text('release')),
    published: readPublished(values, translation.controllerNamespace),
    log: { format: readFormat(values.text('log')), level: readLevel(values.text('log-level')) },
    graceMs: values.number('grace', 3600) * 1000,
    rotateKeysEvery: readDuration('key-rotation', values.text('key-rotation'), leastKeyRotation),
    maxConfigAge:
      values.text('max-config-age') === ''
        ? null
        : readDuration('max-config-age', values.text('max-config-age'), leastConfigAge),
  };
}

/** Every replica needs minutes to take a key up. */
const leastKeyRotation = '1h';
/** A quiet cluster is heard once a minute (bookmarks of watches), and a lost watch is noticed after a minute and a half. */
const leastConfigAge = '5m';

function readDuration(option: string, text: string, least: string): number {
  const seconds = parseDuration(text);
  if (seconds !== null && seconds >= (parseDuration(least) ?? 0)) return seconds * 1000;
  throw new UsageError(
    `--${option} takes a duration such as 720h or 90m, at least ${least}, not ${JSON.stringify(text)}`,
  );
}

function readConfig(
  values: OptionValues,
  translation: ClusterOptions['translation'],
  environment: NodeJS.ProcessEnv,
): Config {
  const host = values.text('listen');
  const authorityCa = values.text('authority-ca');
  return Object.freeze({
    https: { host, port: values.number('https-port', 65_535) },
    http: { host, port: values.number('http-port', 65_535) },
    admin: { host, port: values.number('admin-port', 65_535) },
    externalHttpsPort: values.number('external-https-port', 65_535),
    workers: values.text('workers') === '' ? defaultWorkerCount() : values.number('workers', 64),
    trustedProxies: values.list('trusted-proxies'),
    authorityCa: authorityCa === '' ? null : readCertificates(authorityCa),
    deniedCidrs: translation.deniedCidrs,
    federatedTokenFile: environment.AZURE_FEDERATED_TOKEN_FILE ?? null,
    isDevelopment: false,
  });
}

function readPublished(values: OptionValues, namespace: string): Published {
  const addresses = values.list('publish-address');
  if (addresses.length > 0) {
    return { kind: 'fixed', addresses: addresses.map(readAddress) };
  }
  const service = readQualified('publish-service', values.text('publish-service'), namespace);
  return service === null ? { kind: 'none' } : { kind: 'service', ...service };
}

/** What the API server takes in `status.loadBalancer`: anything else would make every status of an Ingress fail. */
function readAddress(text: string): LoadBalancerAddress {
  if (isIP(text) !== 0) return { ip: text };
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)) return { hostname: text };
  throw new UsageError(
    `--publish-address takes an IP address or a host name in lower case, not ${JSON.stringify(text)}`,
  );
}
