import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EchoApp, startEchoApp } from '../../../examples/echo/echo-app.ts';
import { freePort } from '../../../src/cli/dev-options.ts';
import { type RunningServe, startServe } from '../../../src/cli/serve.ts';
import { readServeOptions, type ServeOptions } from '../../../src/cli/serve-options.ts';
import { CONTOSO, contoso } from '../../../src/emulator/contoso.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/start-emulator.ts';
import { type KeyTiming, keyTiming } from '../../../src/identity/keys/stored-keys.ts';
import type { SourceTiming } from '../../../src/kube/cluster-source.ts';
import type { LeaseTiming } from '../../../src/kube/lease.ts';
import { createTestAuthority, type TestAuthority } from '../../support/test-authority.ts';
import { WebClient } from '../../support/web-client.ts';
import { grantRelease } from '../chart/permissions.ts';
import { minimalValues } from '../chart/render-chart.ts';
import { createAccount } from './accounts.ts';
import type { ApiServer } from './api-server.ts';
import { testTiming } from './follower.ts';
import {
  applyObject,
  endpointSliceObject,
  namespaceObject,
  policyObject,
  type TestObject,
  tlsSecretObject,
} from './objects.ts';

/** Documentation address (RFC 5737) of the app's endpoint; the dialer of the tests knows where it really is. */
const appAddress = '192.0.2.10';
const appHost = 'ledger.example.com';
const authHost = 'auth.example.com';
const account = { namespace: 'entragate', name: 'entragate' };

/** Leadership passes on within a second or two. */
const testLeaseTiming: LeaseTiming = { duration: 1_500, renewDeadline: 1_000, retryEvery: 200 };

/** A replica under test, and the port that it serves. */
export interface Replica extends RunningServe {
  readonly admin: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
}

/** What of a replica the command line can not say. */
export interface ReplicaChanges {
  readonly keys?: Partial<KeyTiming>;
  readonly timing?: SourceTiming;
  readonly options?: Partial<ServeOptions>;
}

/** One routed app in a cluster, Finance only, and an Entra emulator: what `entragate serve` needs to sign somebody in. */
export interface ServeWorld {
  readonly url: (path?: string) => string;
  readonly app: EchoApp;
  /** Starts `entragate serve` under its own ServiceAccount; ended with the world. All but the first of several need a port of their own. */
  readonly start: (further?: readonly string[], changed?: ReplicaChanges) => Promise<Replica>;
  /** The command line of such a replica. */
  readonly argv: readonly string[];
  readonly client: () => WebClient;
  readonly close: () => Promise<void>;
}

/** Writes the objects of a release and of an app to the API server. */
export async function startServeWorld(server: ApiServer): Promise<ServeWorld> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entragate-serve-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await createTestAuthority();
  await writeFile(join(folder, 'ca.crt'), authority.caPem);
  const httpsPort = await freePort('127.0.0.1');
  const clientSecret = randomBytes(24).toString('base64url');
  const emulator = await startEntra(authority, httpsPort, clientSecret);
  started.defer(() => emulator.close());
  const app = await startEchoApp('ledger', 0);
  started.defer(() => app.close());
  const token = await createAccount(server, account.namespace, account.name);
  await grantRelease(server, { ...account, values: minimalValues });
  const kubeconfig = await server.writeKubeconfig('serve', token, server.port);
  for (const object of await releaseObjects(emulator.origin, clientSecret, authority)) {
    await applyObject(server.admin, object);
  }
  const fixed = ['--kubeconfig', kubeconfig, '--controller-namespace', 'entragate', '--listen', '127.0.0.1'];
  const ports = ['--https-port', String(httpsPort), '--http-port', '0', '--admin-port', '0'];
  const external = ['--external-https-port', String(httpsPort), '--auth-host', authHost];
  const provider = ['--allow-authority', emulator.origin, '--authority-ca', join(folder, 'ca.crt')];
  const quiet = ['--default-certificate', 'auth-tls', '--log-level', 'error', '--workers', '0'];
  const argv = [...fixed, ...ports, ...external, ...provider, ...quiet];
  const closers = new AsyncDisposableStack();
  const running = started.move();
  return {
    app,
    argv,
    url: (path = '/') => `https://${appHost}:${httpsPort}${path}`,
    start: async (further = [], { keys, timing = testTiming, options: changed }: ReplicaChanges = {}) => {
      const options = readServeOptions([...argv, ...further], {});
      if (options === 'help') throw new Error('no help was asked for');
      const mappings = [[appAddress, { host: '127.0.0.1', port: app.port }]] as const;
      const serve = await startServe(
        { ...options, ...changed },
        {
          ...{ mappings, timing, lease: testLeaseTiming },
          keys: (rotateEvery) => ({ ...keyTiming, rotateEvery, ...keys }),
        },
      );
      let end: Promise<void> | null = null;
      const close = (graceMs: number) => {
        end ??= serve.close(graceMs);
        return end;
      };
      closers.defer(() => close(1_000));
      const admin = async (path: string) => {
        const answer = await fetch(`http://127.0.0.1:${serve.adminPort}${path}`);
        return { status: answer.status, text: await answer.text() };
      };
      return { ...serve, close, admin };
    },
    client: () => {
      const client = new WebClient(authority.caPem);
      closers.defer(() => client.close());
      return client;
    },
    close: async () => {
      await closers.disposeAsync();
      await running.disposeAsync();
    },
  };
}

/** The Policy of the app, for tests that change it. */
export const financePolicy = (group: string): TestObject => policyObject('apps', 'finance', group);

function startEntra(authority: TestAuthority, httpsPort: number, clientSecret: string): Promise<Emulator> {
  const redirectUris = [
    `https://${authHost}:${httpsPort}/oauth2/callback`,
    `https://${authHost}:${httpsPort}/oauth2/signed-out`,
  ];
  return authority.issue(['localhost']).then((tls) =>
    startEmulator({
      tenants: [contoso({ redirectUris, clientSecret })],
      port: 0,
      publicHost: 'localhost',
      tls,
      now: Date.now,
    }),
  );
}

async function releaseObjects(
  authorityOrigin: string,
  clientSecret: string,
  authority: TestAuthority,
): Promise<readonly TestObject[]> {
  const [ofApp, ofAuth] = [await authority.issue([appHost]), await authority.issue([authHost])];
  const backend = { service: { name: 'ledger', port: { number: 80 } } };
  return [
    namespaceObject('apps'),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'entragate' },
      spec: { controller: 'entragate.dev/ingress-controller' },
    },
    {
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'IdentityProvider',
      metadata: { name: 'default' },
      spec: {
        type: 'EntraID',
        tenantId: CONTOSO.tid,
        clientId: CONTOSO.clientId,
        authority: authorityOrigin,
        credential: { secretRef: { name: 'entra-client', key: 'client-secret' } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'entragate', name: 'entra-client' },
      stringData: { 'client-secret': clientSecret },
    },
    tlsSecretObject('entragate', 'auth-tls', ofAuth),
    tlsSecretObject('apps', 'ledger-tls', ofApp),
    financePolicy(CONTOSO.groups.finance),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'apps', name: 'ledger', annotations: { 'entragate.dev/policies': 'finance' } },
      spec: {
        ingressClassName: 'entragate',
        tls: [{ hosts: [appHost], secretName: 'ledger-tls' }],
        rules: [{ host: appHost, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'apps', name: 'ledger' },
      spec: { ports: [{ port: 80, targetPort: 8080 }] },
    },
    endpointSliceObject('apps', 'ledger-1', 'ledger', [appAddress]),
  ];
}
