import { join } from 'node:path';
import type { Mappings } from '../../../src/processes/mapped-services.ts';
import { freePort } from '../../support/free-ports.ts';
import { type Deployment, environmentOf } from '../chart/pods.ts';
import { type ChartRelease, chartFolder } from '../chart/render-chart.ts';
import { issueToken } from '../kube/accounts.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { applyObject, clientSecretObject, namespaceObject, type TestObject, tlsSecretObject } from '../kube/objects.ts';
import { succeed } from '../kube/run-program.ts';
import { accountFiles, type Pod, startPod } from '../pod/pod.ts';
import type { Entra } from '../release/entra.ts';

export interface PodPlace {
  /** Where addresses of endpoints really are. */
  readonly mappings: Mappings;
  /** Another way to the API server than straight to it. */
  readonly apiPort?: number;
  /** A free one where it is left out. */
  readonly httpsPort?: number;
  /** Of its ServiceAccount; a new one where it is left out. */
  readonly token?: string;
}

type ReleaseName = Pick<ChartRelease, 'name' | 'namespace'>;

/** A release of the chart in a cluster. */
export interface InstalledRelease {
  /** What Helm printed. */
  readonly notes: string;
  /** See {@link startPodOf}. */
  readonly startPod: (place: PodPlace) => Promise<Pod>;
  /** With the values that it has, but for what is given. */
  readonly upgrade: (...further: readonly string[]) => Promise<void>;
  readonly uninstall: () => Promise<void>;
}

/** Certificates of a release: Secrets of its namespace by name, and the names in each. */
export type ReleaseCertificates = Readonly<Record<string, readonly string[]>>;

/**
 * Installs the chart with Helm, beside the Secrets that it needs. Whoever signs in is sent to the emulator: the only values that are not the caller's.
 *
 * @param release its values, as a file for `--values` holds them
 */
export async function installRelease(
  server: ApiServer,
  entra: Entra,
  release: ChartRelease,
  certificates: ReleaseCertificates,
): Promise<InstalledRelease> {
  const { name, namespace } = release;
  const helm = (argv: readonly string[], input = '') =>
    succeed('helm', { argv: [...argv, '--namespace', namespace], kubeconfig: server.kubeconfig, input });
  await applyObject(server.admin, namespaceObject(namespace));
  for (const object of await neededObjects(namespace, entra, certificates)) await applyObject(server.admin, object);
  const values = withEmulator(release.values, entra);
  const notes = await helm(['install', name, chartFolder, '--values', '-'], JSON.stringify(values));
  return {
    notes,
    startPod: (place) => startPodOf(server, release, place),
    upgrade: async (...further) => {
      await helm(['upgrade', name, chartFolder, '--reset-then-reuse-values', ...further]);
    },
    uninstall: async () => {
      await helm(['uninstall', name]);
    },
  };
}

function withEmulator(values: ChartRelease['values'], { origin }: Entra): object {
  const { identityProvider } = values;
  const authorityCa = { configMapName: 'entra-ca' };
  return { ...values, identityProvider: { ...Object(identityProvider), authority: origin, authorityCa } };
}

async function neededObjects(
  namespace: string,
  { authority, clientSecret }: Entra,
  certificates: ReleaseCertificates,
): Promise<readonly TestObject[]> {
  const tls = Object.entries(certificates).map(async ([name, hosts]) =>
    tlsSecretObject(namespace, name, await authority.issue(hosts)),
  );
  return [
    ...(await Promise.all(tls)),
    clientSecretObject(namespace, 'entra-client', clientSecret),
    authorityObject(namespace, authority.caPem),
  ];
}

/** Whom the controller trusts beside public authorities: value `identityProvider.authorityCa`. */
export function authorityObject(namespace: string, caPem: string): TestObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'entra-ca' }, data: { 'ca.crt': caPem } };
}

/** Does what a cloud does with a Service of type LoadBalancer. */
export async function giveAddress({ admin }: ApiServer, namespace: string, service: string, ip: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/services/${service}`;
  const current = await admin.expect(200, admin.send('GET', path));
  const status = { loadBalancer: { ingress: [{ ip }] } };
  await admin.expect(200, admin.send('PUT', `${path}/status`, { ...Object(current), status }));
}

/** Starts a Pod of a release, with the environment, the mounts and the account that its Deployment in the API server names. */
export async function startPodOf(server: ApiServer, release: ReleaseName, place: PodPlace): Promise<Pod> {
  const { namespace } = release;
  const deployment = await readDeployment(server, release);
  const { serviceAccountName = 'default' } = deployment.spec.template.spec;
  const token = place.token ?? (await issueToken(server, namespace, serviceAccountName));
  return startPod({
    environment: environmentOf([deployment]),
    files: { ...accountFiles(namespace, token, server.caPem), ...(await mountedFiles(server, deployment)) },
    apiPort: place.apiPort ?? server.port,
    mappings: place.mappings,
    httpsPort: place.httpsPort ?? (await freePort()),
  });
}

async function readDeployment({ admin }: ApiServer, { name, namespace }: ReleaseName): Promise<Deployment> {
  const selector = encodeURIComponent(`app.kubernetes.io/instance=${name}`);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments?labelSelector=${selector}`;
  const { items } = (await admin.expect(200, admin.send('GET', path))) as { readonly items: readonly Deployment[] };
  const [deployment] = items;
  if (deployment === undefined) throw new Error(`release ${name} has no Deployment`);
  return { ...deployment, kind: 'Deployment' }; // items of a list do not say it
}

/** What the kubelet mounts from ConfigMaps, by path inside the Pod. */
async function mountedFiles({ admin }: ApiServer, deployment: Deployment): Promise<Readonly<Record<string, string>>> {
  const { containers, volumes = [] } = deployment.spec.template.spec;
  const files: Record<string, string> = {};
  for (const { name, mountPath } of containers.flatMap(({ volumeMounts = [] }) => volumeMounts)) {
    const source = volumes.find((volume) => volume.name === name)?.configMap;
    if (source === undefined) throw new Error(`the test does not know what is mounted at ${mountPath}`);
    const path = `/api/v1/namespaces/${deployment.metadata.namespace}/configmaps/${source.name}`;
    const { data } = (await admin.expect(200, admin.send('GET', path))) as { readonly data: Record<string, string> };
    for (const { key, path: file } of source.items) files[join(mountPath, file)] = data[key] ?? '';
  }
  return files;
}
