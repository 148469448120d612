import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { chartFolder } from '../chart/render-chart.ts';
import { authorityObject } from '../install/install-release.ts';
import {
  applyObject,
  clientSecretObject,
  policyObject,
  routeObject,
  type TestObject,
  tlsSecretObject,
} from '../kube/objects.ts';
import { startTcpProxy } from '../kube/tcp-proxy.ts';
import { type Entra, startEntra } from '../release/entra.ts';
import type { NodeCluster } from './connect.ts';
import { echoObjects } from './echo-app.ts';
import { nodeAddress } from './node-files.ts';
import { productImage } from './product-image.ts';

/** Namespace and name of the release. */
export const releaseName = 'entragate';
export const authHost = 'auth.example.com';
/** The app's host, which Finance may open. */
export const appHost = 'ledger.example.com';

/** What a platform engineer has before `helm install`, and an Entra ID that Pods and browsers reach. */
export interface Release {
  /** Vouches for every server here. */
  readonly caPem: string;
  /** Certificates of the servers that a browser meets. */
  readonly certificates: readonly { readonly certPem: string }[];
  /** Installs the chart, and returns when its Pods are ready. */
  readonly install: () => Promise<void>;
  /** Replaces every Pod, as a new version does. Returns when the new ones are ready. */
  readonly upgrade: (annotation: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Writes everything that the chart finds beside itself, and the app with its Ingress; installs nothing yet. */
export async function prepareRelease(cluster: NodeCluster): Promise<Release> {
  await using started = new AsyncDisposableStack();
  const redirectUris = [`https://${authHost}/oauth2/callback`, `https://${authHost}/oauth2/signed-out`];
  const entra = await startEntra(redirectUris, { publicHost: nodeAddress });
  started.defer(() => entra.close());
  const { authority } = entra;
  // The emulator listens on loopback only, which is another one in each Pod.
  const port = Number(new URL(entra.origin).port);
  const proxy = await startTcpProxy(port, nodeAddress, port);
  started.defer(() => proxy.close());
  const [ofAuth, ofApp] = [await authority.issue([authHost]), await authority.issue([appHost])];
  for (const object of [
    ...releaseObjects(entra),
    tlsSecretObject(releaseName, 'auth-tls', ofAuth),
    tlsSecretObject('apps', 'ledger-tls', ofApp),
    ...echoObjects(),
  ]) {
    await applyObject(cluster.admin, object);
  }
  const helm = async (command: 'install' | 'upgrade', further: readonly string[]) => {
    const values = Object.entries(releaseValues(entra.origin)).flatMap(([name, value]) => [
      '--set',
      `${name}=${value}`,
    ]);
    const fixed = [releaseName, chartFolder, '--namespace', releaseName, '--wait', '--timeout', '6m'];
    await cluster.helm(command, ...fixed, ...values, ...further);
  };
  const running = started.move();
  return {
    caPem: authority.caPem,
    certificates: [entra, ofAuth, ofApp],
    install: () => helm('install', []),
    upgrade: (annotation) => helm('upgrade', ['--set', `podAnnotations.version=${annotation}`]),
    close: () => running.disposeAsync(),
  };
}

/** The README's command, with the image and the identity provider of this machine. */
function releaseValues(entra: string): Readonly<Record<string, string>> {
  const [repository = '', tag = ''] = productImage.split(':');
  return {
    'identityProvider.tenantId': CONTOSO.tid,
    'identityProvider.clientId': CONTOSO.clientId,
    'identityProvider.authority': entra,
    'identityProvider.authorityCa.configMapName': 'entra-ca',
    'authHost.name': authHost,
    'image.repository': repository,
    'image.tag': tag,
    'image.pullPolicy': 'Never',
  };
}

function releaseObjects({ authority, clientSecret }: Entra): readonly TestObject[] {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: restricted } });
  return [
    namespace(releaseName),
    namespace('apps'),
    clientSecretObject(releaseName, 'entra-client', clientSecret),
    authorityObject(releaseName, authority.caPem),
    routeObject({
      ...{ namespace: 'apps', name: 'ledger', host: appHost, service: 'ledger', secretName: 'ledger-tls' },
      annotations: { 'entragate.dev/policies': 'finance' },
    }),
  ];
}

/** Who may open the app. Its kind is there once the chart is installed. */
export const financePolicy = policyObject('apps', 'finance', CONTOSO.groups.finance);
