import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Registry } from '@prometheus-io/client';
import { describe, it } from 'mocha';
import { createApiClient } from '../../src/kube/api-server/api-client.ts';
import { openClusterSource, sourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { createSourceMetrics } from '../../src/kube/objects/source-metrics.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { startScriptedApiServer } from './scripted-api-server.ts';

const silent = '/apis/entragate.dev/v1alpha1/policies';

describe('how old what is known of a cluster is', () => {
  it('[CLOSED] is the age of the collection that has been silent longest, however often others are heard', async () => {
    const watches = new Map<string, ServerResponse>();
    const server = await startScriptedApiServer((what, { pathname }, response) => {
      if (what === 'list') response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
      else {
        response.flushHeaders();
        watches.set(pathname, response);
      }
    });
    const client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    const source = openClusterSource({
      ...{ client, namespaces: null, ownService: null, timing: sourceTiming },
      metrics: createSourceMetrics(new Registry()),
      log: createSilentLog(),
    });
    let version = 1;
    const bookmark = (path: string) => {
      version += 1;
      const object = { metadata: { resourceVersion: String(version) } };
      watches.get(path)?.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    };
    try {
      assert.equal(source.age(), Number.POSITIVE_INFINITY, 'before everything was listed nothing is known');
      await source.synced;
      await until(() => watches.size === source.conditions().length);
      const quietSince = performance.now();
      await until(() => {
        for (const path of watches.keys()) if (path !== silent) bookmark(path);
        return performance.now() - quietSince > 500;
      });
      assert.ok(source.age() >= 500, `${source.age()} ms`);
      const heardAfter = performance.now();
      for (const path of watches.keys()) bookmark(path);
      await until(() => source.age() <= performance.now() - heardAfter);
    } finally {
      await source.close();
      client.close();
      await server.close();
    }
  });
});
