import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Registry } from '@prometheus-io/client';
import type { ClusterState } from '../api/cluster-state.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import type { ApiClient } from '../kube/api-server/api-client.ts';
import { Lease, type LeaseTiming } from '../kube/replicas/lease.ts';
import type { LoadBalancerAddress } from '../kube/status/desired-status.ts';
import { addressEvery, followServiceAddress } from '../kube/status/service-address.ts';
import { createStatusMetrics } from '../kube/status/status-metrics.ts';
import { StatusWriter, statusRetry } from '../kube/status/status-writer.ts';
import type { Log } from '../telemetry/logger.ts';
import { isOurClass, ownClassNames } from '../translate/ingress-class.ts';
import type { ServeOptions } from './serve-options.ts';

/** What one replica of a release does for all: it writes statuses and Events, and makes new keys. */
export interface Leadership {
  readonly isLeader: () => boolean;
  /** Shows what translation says, when this replica leads. Returns at once. */
  readonly submit: (statuses: readonly StatusUpdate[]) => void;
  readonly start: () => void;
  /** Gives the Lease back. */
  readonly close: () => Promise<void>;
}

/** Nothing is asked or written before `start`. */
export function createLeadership(
  { release, namespaces, translation, published }: ServeOptions,
  client: ApiClient,
  state: () => ClusterState,
  timing: LeaseTiming,
  registry: Registry,
  log: Log,
): Leadership {
  const instance = `${hostname()}-${randomBytes(4).toString('hex')}`;
  const closing = new AbortController();
  let addresses: readonly LoadBalancerAddress[] = published.kind === 'fixed' ? published.addresses : [];
  let following: Promise<void> = Promise.resolve();
  const lease: Lease = new Lease({
    client,
    namespace: translation.controllerNamespace,
    name: release,
    identity: instance,
    timing,
    onElected: () => writer.compareAll(),
    log,
  });
  const isLeader = () => lease.isHeld();
  const writer: StatusWriter = new StatusWriter({
    client,
    namespaces,
    author: () => ({ controllerName: translation.controllerName, addresses, instance }),
    mayWrite: isLeader,
    isOurClass: (name) => isOurClass(name, ownClassNames(state(), translation), translation),
    retry: statusRetry,
    metrics: createStatusMetrics(registry, isLeader, () => writer.pending()),
    now: Date.now,
    log,
  });
  const onAddresses = (found: readonly LoadBalancerAddress[]) => {
    addresses = found;
    writer.compareAll();
  };
  return {
    isLeader,
    submit: (statuses) => writer.submit(statuses),
    start: () => {
      lease.start();
      writer.start();
      if (published.kind === 'service')
        following = followServiceAddress({
          ...{ client, service: published, readEvery: addressEvery, log },
          onChange: onAddresses,
          signal: closing.signal,
        });
    },
    close: async () => {
      closing.abort();
      await Promise.all([writer.close(), following]);
      await lease.close();
    },
  };
}
