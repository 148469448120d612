import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import type { ApiAccess } from '../kube/api-client.ts';
import type { LoadBalancerAddress } from '../kube/desired-status.ts';
import type { LogLevel } from '../telemetry/logger.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import { readAuthHost, readCertificates, readFormat, readLevel } from './dev-options.ts';
import { CONTROLLER_NAME } from './manifest-translation.ts';
import { type Option, type OptionValues, readOptions, UsageError } from './options.ts';
import { defaultWorkerCount } from './worker-count.ts';

/** What `entragate serve` was asked to do. */
export interface ServeOptions {
  readonly access: ApiAccess;
  readonly config: Config;
  /** Names the key Secret and the Lease of this release, in the controller's namespace. */
  readonly release: string;
  /** Where namespaced kinds are followed; null: everywhere. */
  readonly namespaces: readonly string[] | null;
  readonly translation: Omit<TranslateOptions, 'materialKey'>;
  readonly published: Published;
  readonly log: { readonly format: 'json' | 'pretty'; readonly level: LogLevel };
  /** How long a request under way may go on after SIGTERM (ms). */
  readonly graceMs: number;
}

/** Which addresses Ingresses show as theirs. */
type Published =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly addresses: readonly LoadBalancerAddress[] }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string };

/** The options of `entragate serve`, as its help shows them. */
export const serveOptionTable: readonly Option[] = [
  { name: 'kubeconfig', value: 'FILE', fallback: '', help: 'way to the API server (the ServiceAccount of the pod)' },
  {
    name: 'controller-namespace',
    value: 'NAME',
    fallback: '',
    help: 'where the controller runs and its Secrets are (that of the ServiceAccount, else entragate)',
  },
  { name: 'controller-name', value: 'NAME', fallback: CONTROLLER_NAME, help: 'spec.controller of our IngressClasses' },
  { name: 'release', value: 'NAME', fallback: 'entragate', help: 'names the key Secret and the Lease' },
  {
    name: 'ingress-class',
    value: 'NAME',
    fallback: '',
    isRepeated: true,
    help: 'only these of our classes; repeatable',
  },
  {
    name: 'watch-ingress-without-class',
    value: null,
    fallback: 'false',
    help: 'take Ingresses that name no class as well',
  },
  { name: 'namespaces', value: 'NAME', fallback: '', isRepeated: true, help: 'follow only these; repeatable (all)' },
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
    name: 'auth-host',
    value: 'NAME',
    fallback: 'none',
    help: 'the host that signs in for all others; none: each for itself',
  },
  {
    name: 'default-certificate',
    value: '[NS/]SECRET',
    fallback: '',
    help: 'TLS Secret for hosts without their own, and for the auth host',
  },
  {
    name: 'trusted-proxies',
    value: 'CIDR',
    fallback: '',
    isRepeated: true,
    help: 'load balancers whose X-Forwarded-* count; repeatable',
  },
  {
    name: 'host-ownership',
    value: 'RULE',
    fallback: 'FirstCome',
    help: 'who gets hosts that no Namespace declares: FirstCome, or Declared for nobody',
  },
  {
    name: 'any-host-namespaces',
    value: 'NAME',
    fallback: '',
    isRepeated: true,
    help: 'namespaces whose Ingresses may have rules without a host; repeatable',
  },
  { name: 'denied-cidrs', value: 'CIDR', fallback: '', isRepeated: true, help: 'where no backend may be; repeatable' },
  {
    name: 'allow-authority',
    value: 'ORIGIN',
    fallback: '',
    isRepeated: true,
    help: 'an origin that spec.authority of an IdentityProvider may name beside Microsoft’s; repeatable',
  },
  { name: 'authority-ca', value: 'FILE', fallback: '', help: 'certificate authority of such an origin' },
  { name: 'allow-external-name', value: null, fallback: 'false', help: 'Services of type ExternalName are backends' },
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
  { name: 'grace', value: 'SECONDS', fallback: '30', help: 'for requests under way when asked to end' },
  { name: 'log', value: 'FORMAT', fallback: 'json', help: 'json or pretty' },
  { name: 'log-level', value: 'LEVEL', fallback: 'info', help: 'debug, info, warn or error' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const accountNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

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
  const config = readConfig(values, environment);
  const kubeconfig = values.text('kubeconfig');
  const namespaces = values.list('namespaces');
  return {
    access: kubeconfig === '' ? { kind: 'in-cluster', root: '' } : { kind: 'kubeconfig', path: kubeconfig },
    config,
    release: readName('release', values.text('release')),
    // The controller's own namespace holds what every release needs, whatever else is followed.
    namespaces: namespaces.length === 0 ? null : [...new Set([...namespaces, config.controllerNamespace])],
    translation: readTranslation(values, config),
    published: readPublished(values, config.controllerNamespace),
    log: { format: readFormat(values.text('log')), level: readLevel(values.text('log-level')) },
    graceMs: values.number('grace', 3600) * 1000,
  };
}

function readConfig(values: OptionValues, environment: NodeJS.ProcessEnv): Config {
  const host = values.text('listen');
  const authorityCa = values.text('authority-ca');
  return Object.freeze({
    https: { host, port: values.number('https-port', 65_535) },
    http: { host, port: values.number('http-port', 65_535) },
    admin: { host, port: values.number('admin-port', 65_535) },
    externalHttpsPort: values.number('external-https-port', 65_535),
    workers: values.text('workers') === '' ? defaultWorkerCount() : values.number('workers', 64),
    authHost: readAuthHost(values.text('auth-host')),
    trustedProxies: values.list('trusted-proxies'),
    allowedAuthorities: values.list('allow-authority').map(readOrigin),
    authorityCa: authorityCa === '' ? null : readCertificates(authorityCa),
    hostOwnership: readHostOwnership(values.text('host-ownership')),
    anyHostNamespaces: values.list('any-host-namespaces'),
    deniedCidrs: values.list('denied-cidrs'),
    controllerNamespace: readControllerNamespace(values.text('controller-namespace')),
    federatedTokenFile: environment.AZURE_FEDERATED_TOKEN_FILE ?? null,
    isDevelopment: false,
  });
}

function readTranslation(values: OptionValues, config: Config): ServeOptions['translation'] {
  const classes = values.list('ingress-class');
  return {
    controllerName: values.text('controller-name'),
    ingressClassNames: classes.length === 0 ? null : classes,
    watchIngressWithoutClass: values.isOn('watch-ingress-without-class'),
    hostOwnership: config.hostOwnership,
    anyHostNamespaces: config.anyHostNamespaces,
    authHost: config.authHost,
    defaultCertificate: readQualified(
      'default-certificate',
      values.text('default-certificate'),
      config.controllerNamespace,
    ),
    controllerNamespace: config.controllerNamespace,
    allowedAuthorities: config.allowedAuthorities,
    allowExternalName: values.isOn('allow-external-name'),
    deniedCidrs: config.deniedCidrs,
  };
}

function readControllerNamespace(text: string): string {
  if (text !== '') return readName('controller-namespace', text);
  try {
    return readFileSync(accountNamespaceFile, 'utf8').trim();
  } catch {
    return 'entragate';
  }
}

/** RFC 1123 label, as Kubernetes wants names of namespaces; releases name objects by the same rule. */
function readName(option: string, text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(
    `--${option} takes lower-case letters, digits and hyphens, at most 50, not ${JSON.stringify(text)}`,
  );
}

function readPublished(values: OptionValues, namespace: string): Published {
  const addresses = values.list('publish-address');
  if (addresses.length > 0) {
    return {
      kind: 'fixed',
      addresses: addresses.map((text) => (isIP(text) === 0 ? { hostname: text } : { ip: text })),
    };
  }
  const service = readQualified('publish-service', values.text('publish-service'), namespace);
  return service === null ? { kind: 'none' } : { kind: 'service', ...service };
}

function readQualified(
  option: string,
  text: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } | null {
  if (text === '') return null;
  const match = /^(?:([a-z0-9-]{1,63})\/)?([a-z0-9.-]{1,253})$/.exec(text);
  if (match === null) {
    throw new UsageError(`--${option} takes NAMESPACE/NAME or NAME, not ${JSON.stringify(text)}`);
  }
  return { namespace: match[1] ?? namespace, name: match[2] ?? '' };
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && url.protocol === 'https:' && url.origin === text.replace(/\/$/, '')) return url.origin;
  throw new UsageError(
    `--allow-authority takes an https origin such as https://login.example.com, not ${JSON.stringify(text)}`,
  );
}

function readHostOwnership(text: string): 'FirstCome' | 'Declared' {
  if (text === 'FirstCome' || text === 'Declared') return text;
  throw new UsageError(`--host-ownership takes FirstCome or Declared, not ${JSON.stringify(text)}`);
}
