import type { TestObject } from '../kube/objects.ts';
import type { NodeCluster } from './connect.ts';
import { staticImageName } from './static-images.ts';

const app = { namespace: 'apps', name: 'ledger' };

/** The app of the tests, as a Deployment of two Pods behind a Service. */
export function echoObjects(): readonly TestObject[] {
  const labels = { app: app.name };
  const container = {
    name: 'echo',
    image: staticImageName('echo'),
    imagePullPolicy: 'Never',
    ports: [{ containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: app,
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: app,
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}

/** How many requests have reached the app, over all of its Pods. */
export async function requestsOfApp({ admin }: NodeCluster): Promise<number> {
  const pods = `/api/v1/namespaces/${app.namespace}/pods`;
  const { items } = (await admin.expect(200, admin.send('GET', `${pods}?labelSelector=app%3D${app.name}`))) as {
    readonly items: readonly { readonly metadata: { readonly name: string } }[];
  };
  const counts = items.map(async ({ metadata: { name } }) => {
    const record = await admin.expect(200, admin.send('GET', `${pods}/${name}:8081/proxy/`));
    return (record as { readonly count: number }).count;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
