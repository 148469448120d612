import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { surroundingsOfPod } from '../../../src/cli/assemble-replica.ts';
import { type RunningServe, startServe } from '../../../src/cli/serve.ts';
import { readServeOptions, type ServeOptions } from '../../../src/cli/serve-options.ts';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { createEmulatorApp } from '../../../src/emulator/directory/tenant.ts';
import { type KeyTiming, keyTiming } from '../../../src/identity/keys/stored-keys.ts';
import type { SourceTiming } from '../../../src/kube/objects/cluster-source.ts';
import type { LeaseTiming } from '../../../src/kube/replicas/lease.ts';
import type { Mappings } from '../../../src/processes/mapped-services.ts';
import { freePort } from '../../support/free-ports.ts';
import type { TestAuthority } from '../../support/test-authority.ts';
import { WebClient } from '../../support/web-client.ts';
import { grantRelease, releaseAccount } from '../chart/permissions.ts';
import { minimalValues } from '../chart/render-chart.ts';
import { createAccount } from '../kube/accounts.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { testTiming } from '../kube/follower.ts';
import {
  applyObject,
  classObject,
  clientSecretObject,
  providerObject,
  type TestObject,
  tlsSecretObject,
} from '../kube/objects.ts';
import { type AdminListener, adminListener } from './admin-listener.ts';
import { type Entra, startEntra } from './entra.ts';

/** A second registration of the tenant, for tests with two IdentityProviders. */
export const PARTNERS_CLIENT_ID = '0d9f4b9c-6f1d-4c3a-8f55-0a9d3c1f7a21';

const authHost = 'auth.example.com';

/** Leadership passes on within seconds, and not because a busy machine takes one of them for a renewal. */
export const testLeaseTiming: LeaseTiming = { duration: 4_000, renewDeadline: 3_000, retryEvery: 200 };

/** A replica under test, and the port that it serves. */
export interface Replica extends RunningServe, AdminListener {}

/** What of a replica the command line can not say; where nothing is said, timing is that of the tests. */
export interface ReplicaChanges {
  readonly keys?: Partial<KeyTiming>;
  readonly timing?: SourceTiming;
  readonly lease?: LeaseTiming;
  readonly newSecretsMs?: number;
  /** Such as another way to the API server than straight to it. */
  readonly options?: Partial<ServeOptions>;
}

export interface ReplicaOptions extends ReplicaChanges {
  /** More of the command line; what comes later wins. All but the first of several replicas need an https port of their own. */
  readonly further?: readonly string[];
}

/** What a release of Entragate needs in a cluster to sign people in: its objects, an Entra emulator, and a way to start replicas. */
export interface Release {
  readonly authority: TestAuthority;
  /** Of both registrations. */
  readonly clientSecret: string;
  /** Origin of the Entra emulator. */
  readonly authorityOrigin: string;
  readonly httpsPort: number;
  readonly token: string;
  readonly url: (host: string, path?: string) => string;
  /** Starts `entragate serve` under its own ServiceAccount; ended with the release. */
  readonly start: (options?: ReplicaOptions) => Promise<Replica>;
  /** The command line of such a replica. */
  readonly argv: readonly string[];
  /** A client with an empty cookie jar; closed with the release. */
  readonly client: () => WebClient;
  readonly close: () => Promise<void>;
}

/**
 * Writes the objects of a release to the API server. Hosts below `example.com` without a certificate of their own get the default one.
 *
 * @param mappings where the documentation addresses of endpoints really are
 */
export async function startRelease(server: ApiServer, mappings: Mappings): Promise<Release> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entragate-serve-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const httpsPort = await freePort();
  const entra = await startReleaseEntra(`https://${authHost}:${httpsPort}`);
  started.defer(() => entra.close());
  const { authority, clientSecret } = entra;
  await writeFile(join(folder, 'ca.crt'), authority.caPem);
  const token = await createAccount(server, releaseAccount.namespace, releaseAccount.name);
  await grantRelease(server, { ...releaseAccount, values: minimalValues });
  const kubeconfig = await server.writeKubeconfig('serve', token, server.port);
  for (const object of await releaseObjects(entra)) await applyObject(server.admin, object);
  const fixed = ['--kubeconfig', kubeconfig, '--controller-namespace', 'entragate', '--listen', '127.0.0.1'];
  const ports = ['--https-port', String(httpsPort), '--http-port', '0', '--admin-port', '0'];
  const external = ['--external-https-port', String(httpsPort), '--auth-host', authHost];
  const provider = ['--allow-authority', entra.origin, '--authority-ca', join(folder, 'ca.crt')];
  const quiet = ['--default-certificate', 'auth-tls', '--log-level', 'error', '--workers', '0'];
  const argv = [...fixed, ...ports, ...external, ...provider, ...quiet];
  const closers = new AsyncDisposableStack();
  const running = started.move();
  return {
    ...{ authority, clientSecret, httpsPort, token, argv },
    authorityOrigin: entra.origin,
    url: (host, path = '/') => `https://${host}:${httpsPort}${path}`,
    start: async (options = {}) => {
      const replica = await startReplica(argv, mappings, options);
      closers.defer(() => replica.close(1_000));
      return replica;
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

async function startReplica(
  argv: readonly string[],
  mappings: Mappings,
  { further = [], keys, timing = testTiming, lease = testLeaseTiming, newSecretsMs, options: changed }: ReplicaOptions,
): Promise<Replica> {
  const options = readServeOptions([...argv, ...further], {});
  if (options === 'help') throw new Error('no help was asked for');
  const serve = await startServe(
    { ...options, ...changed },
    {
      ...{ mappings, timing, lease, newSecretsMs: newSecretsMs ?? surroundingsOfPod.newSecretsMs },
      keys: (rotateEvery) => ({ ...keyTiming, rotateEvery, ...keys }),
    },
  );
  let end: Promise<void> | null = null;
  return {
    ...serve,
    ...adminListener(serve.adminPort),
    close: (graceMs) => {
      end ??= serve.close(graceMs);
      return end;
    },
  };
}

/** With a second registration. */
function startReleaseEntra(authOrigin: string): Promise<Entra> {
  const partners = (clientSecret: string) =>
    createEmulatorApp({
      clientId: PARTNERS_CLIENT_ID,
      displayName: 'Entragate for partners',
      redirectUris: [`${authOrigin}/oauth2/callback/partners`],
      credentials: [{ kind: 'secret', value: clientSecret, expiresAt: null }],
      groupMembershipClaims: 'SecurityGroup',
    });
  const redirectUris = [`${authOrigin}/oauth2/callback`, `${authOrigin}/oauth2/signed-out`];
  return startEntra(redirectUris, { furtherApps: (clientSecret) => [partners(clientSecret)] });
}

async function releaseObjects({ origin, clientSecret, authority }: Entra): Promise<readonly TestObject[]> {
  const { namespace } = releaseAccount;
  return [
    classObject('entragate'),
    providerObject('default', CONTOSO.clientId, origin, 'entra-client'),
    clientSecretObject(namespace, 'entra-client', clientSecret),
    tlsSecretObject(namespace, 'auth-tls', await authority.issue([authHost, '*.example.com'])),
  ];
}
