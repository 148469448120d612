import { microTime } from '../../../src/kube/api-server/micro-time.ts';
import type { Mappings } from '../../../src/processes/mapped-services.ts';
import { until } from '../../support/until.ts';
import { releaseAccount } from '../chart/permissions.ts';
import type { InstalledRelease } from '../install/install-release.ts';
import { issueToken } from '../kube/accounts.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { type AuditedRequest, type AuditLog, credentialOf } from '../kube/audit-log.ts';
import { applyObject } from '../kube/objects.ts';
import { startTcpProxy, type TcpProxy } from '../kube/tcp-proxy.ts';
import type { Pod } from '../pod/pod.ts';

/** One replica of the release `entragate`. */
export interface Replica {
  readonly pod: Pod;
  /** Its way to the API server, and nobody else's. */
  readonly proxy: TcpProxy;
  /** ID of its token, by which the API server tells it from the others. */
  readonly credential: string;
}

export interface ReplicaGroupOptions {
  readonly server: ApiServer;
  readonly release: InstalledRelease;
  readonly audit: AuditLog;
  readonly mappings: Mappings;
}

/** Replicas, and what the API server noted of each. */
export class ReplicaGroup {
  readonly #options: ReplicaGroupOptions;
  readonly #started: Replica[] = [];

  constructor(options: ReplicaGroupOptions) {
    this.#options = options;
  }

  /** Starts one, which is ready some time later: where the API server is away, when it is back (`proxy.unblock`). */
  async start(httpsPort: number, apiServer: 'there' | 'away' = 'there'): Promise<Replica> {
    const { server, release, mappings } = this.#options;
    const token = await issueToken(server, releaseAccount.namespace, releaseAccount.name);
    const proxy = await startTcpProxy(server.port);
    if (apiServer === 'away') proxy.block();
    const pod = await release.startPod({ mappings, apiPort: proxy.port, httpsPort, token });
    const replica = { pod, proxy, credential: `JTI=${tokenId(token)}` };
    this.#started.push(replica);
    return replica;
  }

  /** The one that leads, waited for (ms). */
  async leaderOf(replicas: readonly Replica[], deadline: number): Promise<Replica> {
    let leader: Replica | undefined;
    await until(async () => {
      leader = await currentLeader(replicas);
      return leader !== undefined;
    }, deadline);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  /** What it wrote on objects for people: statuses and Events. */
  writesOf(replica: Replica): readonly AuditedRequest[] {
    return this.allWrites().filter((request) => credentialOf(request) === replica.credential);
  }

  /** The same of all together. */
  allWrites(): readonly AuditedRequest[] {
    return this.#requests().filter(
      ({ verb, objectRef }) =>
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        (objectRef?.subresource === 'status' || objectRef?.resource === 'events'),
    );
  }

  readsOf({ credential }: Replica): readonly AuditedRequest[] {
    return this.#requests().filter((request) => credentialOf(request) === credential && request.verb === 'get');
  }

  /** Secrets that any of them made or changed. */
  keyWrites(): readonly AuditedRequest[] {
    return this.#requests().filter(
      ({ verb, objectRef, responseStatus }) =>
        objectRef?.resource === 'secrets' && verb !== 'get' && (responseStatus?.code ?? 0) < 300,
    );
  }

  /** Writes into their Lease who holds it, and for how many seconds; nobody: an empty name. */
  async setLease(holderIdentity: string, leaseDurationSeconds: number): Promise<void> {
    const time = microTime(Date.now());
    await applyObject(this.#options.server.admin, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: releaseAccount,
      spec: { holderIdentity, leaseDurationSeconds, acquireTime: time, renewTime: time },
    });
  }

  async close(): Promise<void> {
    for (const { pod, proxy } of this.#started) {
      await pod.end('SIGKILL');
      await proxy.close();
    }
  }

  #requests(): readonly AuditedRequest[] {
    return this.#options.audit.requestsOf(releaseAccount.namespace, releaseAccount.name);
  }
}

/**
 * The one that takes itself for the writer.
 *
 * @throws Error when two of them do
 */
export async function currentLeader(replicas: readonly Replica[]): Promise<Replica | undefined> {
  const leads = await Promise.all(replicas.map(({ pod }) => pod.isLeader().catch(() => false)));
  const [leader, ...others] = replicas.filter((_, index) => leads[index]);
  if (others.length > 0) throw new Error(`${others.length + 1} replicas take themselves for the one that writes`);
  return leader;
}

/** Claim `jti` of a ServiceAccount's token, which the audit log calls its credential. */
function tokenId(token: string): string {
  const [, payload = ''] = token.split('.');
  const { jti }: { readonly jti: string } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return jti;
}
