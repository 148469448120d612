import { type EchoApp, startEchoApp } from '../../../examples/echo/echo-app.ts';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import type { WebClient } from '../../support/web-client.ts';
import type { ApiServer } from '../kube/api-server.ts';
import {
  applyObject,
  endpointSliceObject,
  namespaceObject,
  policyObject,
  routeObject,
  serviceObject,
  type TestObject,
  tlsSecretObject,
} from '../kube/objects.ts';
import { type Replica, type ReplicaChanges, startRelease } from './release.ts';

export type { Replica } from './release.ts';

/** Documentation address (RFC 5737) of the app's endpoint; the dialer of the tests knows where it really is. */
const appAddress = '192.0.2.10';
const appHost = 'ledger.example.com';

/** One routed app in a cluster, Finance only, and an Entra emulator: what `entragate serve` needs to sign somebody in. */
export interface ServeWorld {
  readonly url: (path?: string) => string;
  readonly app: EchoApp;
  /** Starts `entragate serve` under its own ServiceAccount; ended with the world. All but the first of several need a port of their own. */
  readonly start: (further?: readonly string[], changes?: ReplicaChanges) => Promise<Replica>;
  /** The command line of such a replica. */
  readonly argv: readonly string[];
  /** Of its ServiceAccount. */
  readonly token: string;
  /** What the host of the app is served with. */
  readonly certificate: { readonly certPem: string };
  readonly client: () => WebClient;
  readonly close: () => Promise<void>;
}

/** Writes the objects of a release and of an app to the API server. */
export async function startServeWorld(server: ApiServer): Promise<ServeWorld> {
  await using started = new AsyncDisposableStack();
  const app = await startEchoApp('ledger', 0);
  started.defer(() => app.close());
  const release = await startRelease(server, [[appAddress, { host: '127.0.0.1', port: app.port }]]);
  started.defer(() => release.close());
  for (const object of appObjects) await applyObject(server.admin, object);
  const certificate = await release.authority.issue([appHost]);
  await applyObject(server.admin, tlsSecretObject('apps', 'ledger-tls', certificate));
  const running = started.move();
  return {
    ...{ app, certificate },
    ...{ argv: release.argv, token: release.token },
    url: (path) => release.url(appHost, path),
    start: (further = [], changes = {}) => release.start({ ...changes, further }),
    client: release.client,
    close: () => running.disposeAsync(),
  };
}

/** The Policy of the app, for tests that change it. */
export const financePolicy = (group: string): TestObject => policyObject('apps', 'finance', group);

/** The Ingress of the app. */
export const ledgerRoute: TestObject = routeObject({
  namespace: 'apps',
  name: 'ledger',
  host: appHost,
  annotations: { 'entragate.dev/policies': 'finance' },
  service: 'ledger',
  secretName: 'ledger-tls',
});

const appObjects: readonly TestObject[] = [
  namespaceObject('apps'),
  financePolicy(CONTOSO.groups.finance),
  ledgerRoute,
  serviceObject('apps', 'ledger'),
  endpointSliceObject('apps', 'ledger-1', 'ledger', [appAddress]),
];
