import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterState, objectKey } from '../../src/api/cluster-state.ts';
import type { Revocation } from '../../src/identity/revocation/revocation.ts';
import { ControlPlane } from '../../src/processes/control-plane.ts';
import type { DataPlanes } from '../../src/processes/data-planes.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { emptyState, testOptions } from '../translate/manifest-state.ts';

describe('The control plane', () => {
  const stateWithRevocation = (): ClusterState => {
    const empty = emptyState();
    const key = objectKey('', 'stolen');
    const revocation = {
      apiVersion: 'entragate.dev/v1alpha1',
      kind: 'Revocation',
      metadata: {
        name: 'stolen',
        namespace: '',
        uid: '',
        generation: 1,
        creationTimestamp: '2026-11-23T10:00:00Z',
        labels: {},
        annotations: {},
      },
      spec: { session: 'AAAAAAAAAAAAAAAAAAAAAA', expiresAt: '2026-11-24T10:00:00Z' },
    } as unknown as NonNullable<ReturnType<ClusterState['revocations']['get']>>;
    return { ...empty, revocations: new Map([[key, revocation]]) };
  };
  const planesThat = (revoked: Revocation[]): DataPlanes => ({
    start: async () => ({ https: 0, http: 0 }),
    publish: async () => {},
    isServing: () => true,
    setKeys: () => {},
    revoke: (revocation) => revoked.push(revocation),
    metrics: async () => [],
    drain: async () => {},
  });

  it('[BOUNDED] passes revocations on, whatever is wrong with the rest of what it was given', async () => {
    const revoked: Revocation[] = [];
    const state = stateWithRevocation();
    const control = new ControlPlane({
      source: { state: () => state, onChange: () => () => {} },
      translation: () => testOptions,
      prepare: async () => {
        throw new Error('nothing can be prepared');
      },
      readSecrets: async () => false,
      planes: planesThat(revoked),
      log: createSilentLog(),
      retryAfter: 10_000,
      patience: 10_000,
      now: Date.now,
      onApplied: () => assert.fail('nothing was applied'),
    });
    await control.start();
    assert.deepEqual(
      revoked.map(({ kind }) => kind),
      ['login', 'session'],
    );
    await control.stop();
  });
});
