import { setTimeout as delay } from 'node:timers/promises';
import { releaseAccount } from '../chart/permissions.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { applyObject, type TestObject } from '../kube/objects.ts';

const RENEW_MS = 300;
/** Far more than a renewal takes: nobody else may have the Lease meanwhile (s). */
export const FOREIGN_LEASE_SECONDS = 10;

/** Another replica that holds the Lease as long as it renews it. */
export interface ForeignHolder {
  readonly stop: () => Promise<void>;
}

/**
 * Takes the Lease of the release and renews it, by a clock that is wrong.
 *
 * @param skew how far its clock is ahead (ms); negative: behind
 */
export async function startForeignHolder(admin: ApiRequests, skew: number): Promise<ForeignHolder> {
  let isStopped = false;
  const renew = () => applyObject(admin, lease(new Date(Date.now() + skew).toISOString()));
  await renew();
  const run = async () => {
    while (!isStopped) {
      await delay(RENEW_MS);
      await renew();
    }
  };
  const running = run();
  return {
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
}

function lease(time: string): TestObject {
  const renewTime = time.replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: releaseAccount,
    spec: { holderIdentity: 'foreign', leaseDurationSeconds: FOREIGN_LEASE_SECONDS, acquireTime: renewTime, renewTime },
  };
}
