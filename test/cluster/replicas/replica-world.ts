import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { freePort } from '../../support/free-ports.ts';
import { startSiteApp } from '../../support/site-app.ts';
import { WebClient } from '../../support/web-client.ts';
import { minimalValues } from '../chart/render-chart.ts';
import { installRelease } from '../install/install-release.ts';
import { APP_ADDRESS, routedApp } from '../install/routed-app.ts';
import type { ApiServer } from '../kube/api-server.ts';
import type { AuditLog } from '../kube/audit-log.ts';
import {
  applyObject,
  endpointSliceObject,
  namespaceObject,
  policyObject,
  routeObject,
  serviceObject,
  type TestObject,
} from '../kube/objects.ts';
import { startEntra } from '../release/entra.ts';
import { CHURN_NAMESPACE } from './policy-churn.ts';
import { type Replica, ReplicaGroup } from './replica-group.ts';

export const APP_HOST = 'ledger.example.com';

/** A release whose Service has as many ports as there are replicas, so that a test can choose one. */
export interface ReplicaWorld {
  readonly group: ReplicaGroup;
  /** Loopback ports of the replicas. Browsers know the first. */
  readonly ports: readonly number[];
  /** Origin of the app as browsers know it. */
  readonly origin: string;
  readonly ca: string;
  /** A page of the app at one replica. */
  readonly at: (replica: Replica, path?: string) => string;
  /** A client with an empty cookie jar; closed with the world. */
  readonly client: () => WebClient;
  /** Says who may pass to a host that is public or not: 200 or 401 for somebody who is not signed in. */
  readonly setOpen: (isOpen: boolean) => Promise<void>;
  /** What that host answers at a replica. */
  readonly openness: (replica: Replica) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Installs the release `entragate`, with an app for Finance. No replica runs yet. */
export async function startReplicaWorld(server: ApiServer, audit: AuditLog, count: number): Promise<ReplicaWorld> {
  await using started = new AsyncDisposableStack();
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  const [external] = ports;
  const auth = `https://auth.example.com:${external}`;
  const entra = await startEntra([`${auth}/oauth2/callback`, `${auth}/oauth2/signed-out`]);
  started.defer(() => entra.close());
  const app = await startSiteApp();
  started.defer(() => app.close());
  const values = { ...minimalValues, externalHttpsPort: external, defaultCertificate: 'default-tls', workers: 1 };
  const release = await installRelease(
    server,
    entra,
    { name: 'entragate', namespace: 'entragate', values },
    { 'auth-tls': ['auth.example.com'], 'default-tls': ['*.example.com'] },
  );
  const routed = { namespace: 'apps', name: 'ledger', host: APP_HOST, policies: 'finance', className: 'entragate' };
  const objects = [
    ...(await routedApp(entra, routed)),
    policyObject('apps', 'finance', CONTOSO.groups.finance),
    ...churnSurroundings,
    openableRoute(false),
  ];
  for (const object of objects) await applyObject(server.admin, object);
  const mappings = [[APP_ADDRESS, { host: '127.0.0.1', port: app.port }]] as const;
  const group = new ReplicaGroup({ server, release, audit, mappings });
  started.defer(() => group.close());
  const clients: WebClient[] = [];
  started.defer(() => {
    for (const opened of clients) opened.close();
  });
  const client = () => {
    const opened = new WebClient(entra.authority.caPem);
    clients.push(opened);
    return opened;
  };
  const running = started.move();
  return {
    ...{ group, ports, client },
    origin: `https://${APP_HOST}:${external}`,
    ca: entra.authority.caPem,
    at: ({ pod }, path = '/') => `https://${APP_HOST}:${pod.httpsPort}${path}`,
    setOpen: (isOpen) => applyObject(server.admin, openableRoute(isOpen)),
    openness: async ({ pod }) => (await client().request(`https://open.example.com:${pod.httpsPort}/`)).status,
    close: () => running.disposeAsync(),
  };
}

const churnSurroundings: readonly TestObject[] = [
  namespaceObject(CHURN_NAMESPACE),
  serviceObject(CHURN_NAMESPACE, 'ledger'),
  endpointSliceObject(CHURN_NAMESPACE, 'ledger-1', 'ledger', [APP_ADDRESS]),
];

function openableRoute(isOpen: boolean): TestObject {
  const annotations: Readonly<Record<string, string>> = isOpen
    ? { 'entragate.dev/access': 'public' }
    : { 'entragate.dev/policies': 'finance' };
  return routeObject({ namespace: 'apps', name: 'open', host: 'open.example.com', annotations, service: 'ledger' });
}
