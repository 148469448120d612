import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { createApiClient } from '../../src/kube/api-server/api-client.ts';
import { Lease, type LeaseTiming } from '../../src/kube/replicas/lease.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { startScriptedApiServer } from './scripted-api-server.ts';

const timing: LeaseTiming = { duration: 1_000, renewDeadline: 700, retryEvery: 100 };
/** As long as a busy API server may take for an answer (ms). */
const slowMs = 600;

describe('a Lease, asked of a slow API server', () => {
  it('is not taken before its holder has said nothing for its duration, counted from the answer that told of it', async () => {
    let renewedAt = 0;
    let takenAt = 0;
    const server = await startScriptedApiServer(async (_, __, response, request) => {
      if (request.method === 'PUT') takenAt = performance.now();
      else if (renewedAt === 0) {
        await delay(slowMs);
        renewedAt = performance.now();
      }
      const spec = { holderIdentity: 'replica-1', leaseDurationSeconds: 1, leaseTransitions: 0 };
      response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, spec }));
    });
    const client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    const lease = new Lease({
      ...{ client, timing, namespace: 'entragate', name: 'entragate', identity: 'replica-2' },
      onElected: () => {},
      log: createSilentLog(),
    });
    lease.start();
    try {
      await until(() => takenAt > 0);
      console.log(`      taken ${Math.round(takenAt - renewedAt)} ms after its holder renewed it`);
      assert.ok(takenAt - renewedAt >= timing.duration, `${takenAt - renewedAt} ms`);
    } finally {
      await lease.close();
      client.close();
      await server.close();
    }
  });
});
