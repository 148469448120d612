import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ApiAccess } from '../kube/api-server/api-route.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import { readAuthHost } from './dev-options.ts';
import { CONTROLLER_NAME } from './manifest-translation.ts';
import { type Option, type OptionValues, UsageError } from './options.ts';

/** Which cluster is read, and how its objects are. */
export interface ClusterOptions {
  readonly access: ApiAccess;
  /** Where namespaced kinds are followed; null: everywhere. */
  readonly namespaces: readonly string[] | null;
  readonly translation: Omit<TranslateOptions, 'materialKey'>;
}

/** The options of every command that reads a cluster. In a pod, all of them see the same environment. */
export const clusterOptionTable: readonly Option[] = [
  { name: 'kubeconfig', value: 'FILE', fallback: '', help: 'way to the API server (the ServiceAccount of the pod)' },
  {
    name: 'controller-namespace',
    value: 'NAME',
    fallback: '',
    help: 'where the controller runs and its Secrets are (that of the ServiceAccount, else entragate)',
  },
  { name: 'controller-name', value: 'NAME', fallback: CONTROLLER_NAME, help: 'spec.controller of our IngressClasses' },
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
    name: 'auth-host',
    value: 'NAME',
    fallback: 'none',
    help: 'the host that signs in for all others; none: each for itself',
  },
  {
    name: 'auth-host-certificate',
    value: '[NS/]SECRET',
    fallback: '',
    help: 'TLS Secret of the auth host (the default certificate)',
  },
  {
    name: 'default-certificate',
    value: '[NS/]SECRET',
    fallback: '',
    help: 'TLS Secret for hosts without their own',
  },
  {
    name: 'identity-provider',
    value: 'NAME',
    fallback: 'default',
    help: 'the IdentityProvider of routes that name none',
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
  { name: 'allow-external-name', value: null, fallback: 'false', help: 'Services of type ExternalName are backends' },
  {
    name: 'own-service',
    value: '[NS/]SERVICE',
    fallback: '',
    help: 'Service of this release: its endpoints, our own pods, are never backends',
  },
];

const accountNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * Reads what {@link clusterOptionTable} asks for.
 *
 * @throws UsageError with what to write instead
 */
export function readClusterOptions(values: OptionValues): ClusterOptions {
  const kubeconfig = values.text('kubeconfig');
  const namespaces = values.list('namespaces');
  const translation = readTranslation(values);
  return {
    access: kubeconfig === '' ? { kind: 'in-cluster', root: '' } : { kind: 'kubeconfig', path: kubeconfig },
    // The controller's own namespace holds what every release needs, whatever else is followed.
    namespaces: namespaces.length === 0 ? null : [...new Set([...namespaces, translation.controllerNamespace])],
    translation,
  };
}

function readTranslation(values: OptionValues): ClusterOptions['translation'] {
  const classes = values.list('ingress-class');
  const controllerNamespace = readControllerNamespace(values.text('controller-namespace'));
  const qualified = (option: string) => readQualified(option, values.text(option), controllerNamespace);
  return {
    controllerName: values.text('controller-name'),
    ingressClassNames: classes.length === 0 ? null : classes,
    watchIngressWithoutClass: values.isOn('watch-ingress-without-class'),
    hostOwnership: readHostOwnership(values.text('host-ownership')),
    anyHostNamespaces: values.list('any-host-namespaces'),
    authHost: readAuthHost(values.text('auth-host')),
    authHostCertificate: qualified('auth-host-certificate'),
    defaultCertificate: qualified('default-certificate'),
    defaultIdentityProvider: readName('identity-provider', values.text('identity-provider')),
    controllerNamespace,
    ownService: qualified('own-service'),
    allowedAuthorities: values.list('allow-authority').map(readOrigin),
    allowExternalName: values.isOn('allow-external-name'),
    deniedCidrs: values.list('denied-cidrs').map(readRange),
  };
}

function readControllerNamespace(text: string): string {
  if (text !== '') return readName('controller-namespace', text, LONGEST_NAMESPACE);
  try {
    return readFileSync(accountNamespaceFile, 'utf8').trim();
  } catch {
    return 'entragate';
  }
}

/** An RFC 1123 label. */
const LONGEST_NAMESPACE = 63;
/** Names of objects are made of it, such as that of the key Secret. */
const LONGEST_NAME = 50;

/**
 * Reads an RFC 1123 label, as Kubernetes wants names of namespaces; releases name objects by the same rule.
 *
 * @throws UsageError
 */
export function readName(option: string, text: string, longest: number = LONGEST_NAME): string {
  if (text.length <= longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(
    `--${option} takes lower-case letters, digits and hyphens, at most ${longest}, not ${JSON.stringify(text)}`,
  );
}

/**
 * Reads `NAMESPACE/NAME`, or `NAME` of `namespace`; null for an empty text.
 *
 * @throws UsageError
 */
export function readQualified(
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

/** Translation, which `entragate check` does as well, builds on ranges that are some. */
function readRange(text: string): string {
  const [address = '', bits = '', ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most) return text;
  throw new UsageError(`--denied-cidrs takes ranges such as 10.0.0.0/8 or fd00::/8, not ${JSON.stringify(text)}`);
}

function readHostOwnership(text: string): 'FirstCome' | 'Declared' {
  if (text === 'FirstCome' || text === 'Declared') return text;
  throw new UsageError(`--host-ownership takes FirstCome or Declared, not ${JSON.stringify(text)}`);
}
