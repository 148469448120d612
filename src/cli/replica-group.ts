import type { Registry } from '@prometheus-io/client';
import type { ClusterState } from '../api/cluster-state.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import type { KeyTiming } from '../identity/keys/stored-keys.ts';
import type { ApiClient } from '../kube/api-server/api-client.ts';
import { openKeySecret } from '../kube/replicas/key-secret.ts';
import type { LeaseTiming } from '../kube/replicas/lease.ts';
import { openRevocationObjects } from '../kube/replicas/revocation-objects.ts';
import type { DataPlaneEvents } from '../processes/data-planes.ts';
import { SharedKeys } from '../processes/shared-keys.ts';
import { SharedRevocations, tidyEvery } from '../processes/shared-revocations.ts';
import type { Log } from '../telemetry/logger.ts';
import { createLeadership } from './leadership.ts';
import type { ServeOptions } from './serve-options.ts';

export interface ReplicaGroupOptions {
  readonly options: ServeOptions;
  readonly client: ApiClient;
  readonly keyTiming: KeyTiming;
  readonly leaseTiming: LeaseTiming;
  readonly state: () => ClusterState;
  readonly onRing: (ring: KeyRing) => void;
  readonly registry: Registry;
  readonly log: Log;
}

/** This replica among those of its release, which share nothing but the API server: keys, revocations, and who writes. */
export interface ReplicaGroup {
  readonly events: DataPlaneEvents;
  readonly start: () => void;
  /** Resolves when the shared keys were given out. */
  readonly keysKnown: Promise<void>;
  /** From now on this replica may lead: one that does not serve yet would keep those that do from writing. */
  readonly lead: () => void;
  /** Shows on objects what translation says, when this replica leads. Returns at once. */
  readonly submit: (statuses: readonly StatusUpdate[]) => void;
  /** Lets another replica write; sign-outs are still passed on. */
  readonly stopLeading: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Nothing is asked or written before `start`. */
export function joinReplicaGroup(group: ReplicaGroupOptions): ReplicaGroup {
  const { options, client, registry, log } = group;
  const leadership = createLeadership(options, client, group.state, group.leaseTiming, registry, log);
  const { isLeader } = leadership;
  const keys = new SharedKeys({
    store: openKeySecret(client, options.translation.controllerNamespace, `${options.release}-keys`),
    timing: group.keyTiming,
    isLeader,
    onRing: group.onRing,
    now: Date.now,
    log,
  });
  const store = openRevocationObjects(client);
  const revocations = new SharedRevocations({
    ...{ store, state: group.state, isLeader, tidyEvery, registry, log },
    now: Date.now,
  });
  return {
    events: {
      revoked: (revocation) => revocations.publish(revocation),
      unknownKey: () => keys.reread(),
    },
    start: () => {
      keys.start();
      revocations.start();
    },
    keysKnown: keys.known,
    lead: leadership.start,
    submit: leadership.submit,
    stopLeading: leadership.close,
    close: async () => {
      await Promise.all([keys.close(), revocations.close()]);
    },
  };
}
