import type { NodeCluster } from './connect.ts';
import { releaseName } from './release.ts';

/** A Pod that serves, will, or did. */
export interface ReleasePod {
  readonly name: string;
  readonly uid: string;
  readonly isReady: boolean;
  /** Whether it was deleted, and goes on until its grace is over. */
  readonly isEnding: boolean;
  readonly restarts: number;
  /** Between the start of its container and its readiness (ms); whole seconds, as the API server keeps times. */
  readonly readyAfterMs: number;
}

interface PodStatus {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state: { readonly running?: { readonly startedAt: string } };
    }[];
  };
}

const pods = `/api/v1/namespaces/${releaseName}/pods`;
const selector = encodeURIComponent('app.kubernetes.io/name=entragate,app.kubernetes.io/component=controller');

/** The Pods of the release, those that end included. */
export async function releasePods({ admin }: NodeCluster): Promise<readonly ReleasePod[]> {
  const { items } = (await admin.expect(200, admin.send('GET', `${pods}?labelSelector=${selector}`))) as {
    readonly items: readonly PodStatus[];
  };
  return items.map(readPod);
}

function readPod({ metadata: { name, uid, deletionTimestamp }, status }: PodStatus): ReleasePod {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const container = status.containerStatuses?.[0];
  const isReady = ready?.status === 'True';
  const startedAt = Date.parse(container?.state.running?.startedAt ?? '');
  return {
    name,
    uid,
    isReady,
    isEnding: deletionTimestamp !== undefined,
    restarts: container?.restartCount ?? 0,
    readyAfterMs: isReady ? Date.parse(ready.lastTransitionTime) - startedAt : Number.NaN,
  };
}

/** Memory that a Pod can not give back (bytes), as the kubelet counts it for eviction. */
export async function memoryOf({ admin }: NodeCluster, pod: ReleasePod): Promise<number> {
  const metrics = await admin.expect(200, admin.send('GET', '/api/v1/nodes/node/proxy/metrics/resource'));
  const line = new RegExp(`^pod_memory_working_set_bytes\\{.*pod="${pod.name}"\\} (\\S+)`, 'm');
  return Number(line.exec(String(metrics))?.[1]);
}
