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

/** Where Services are watched. */
const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services`;

describe('the metrics of what is followed', () => {
  it('say how many watches of a kind are open, how many are lost although others are not, and why', async () => {
    const refused = new Set([services('gone')]);
    const present = ['apps', 'hr'].map((name) => ({ metadata: { name } }));
    const watches = new Map<string, ServerResponse>();
    const server = await startScriptedApiServer((what, { pathname }, response) => {
      if (refused.has(pathname)) response.writeHead(403).end('{"message": "no"}');
      else if (what === 'list') {
        const items = pathname === '/api/v1/namespaces' ? present : [];
        response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
      } else {
        response.flushHeaders();
        watches.set(pathname, response);
      }
    });
    const registry = new Registry();
    const client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    const source = openClusterSource({
      ...{ client, namespaces: ['apps', 'hr', 'gone'], ownService: null },
      timing: { ...sourceTiming, reflector: { ...sourceTiming.reflector, backoff: { first: 10, last: 50 } } },
      metrics: createSourceMetrics(registry),
      log: createSilentLog(),
    });
    const metric = async (name: string, labels: Readonly<Record<string, string>>) => {
      const found = (await registry.getMetricsAsJSON()).find((one) => one.name === `entragate_kube_${name}`);
      const isMeant = (given: object) =>
        Object.entries(labels).every(([label, value]) => Reflect.get(given, label) === value);
      return found?.values.find((one) => isMeant(one.labels))?.value;
    };
    const open = (kind: string) => metric('watches', { kind });
    const lost = (kind: string) => metric('watches_lost', { kind });
    const lose = (namespace: string) => {
      refused.add(services(namespace));
      watches.get(services(namespace))?.destroy();
    };
    try {
      await until(async () => (await open('Service')) === 2 && (await open('Namespace')) === 1);
      await until(async () => (await lost('Service')) === 0); // in a namespace that is not there nothing is missed
      lose('hr');
      await until(async () => (await open('Service')) === 1);
      assert.equal(await lost('Service'), 1);
      lose('apps');
      await until(async () => (await open('Service')) === 0);
      assert.equal(await lost('Service'), 2);
      assert.deepEqual([await open('Ingress'), await open('Namespace')], [3, 1]);
      assert.deepEqual([await lost('Ingress'), await lost('Namespace')], [0, 0]);
      assert.ok(Number(await metric('failures_total', { kind: 'Service', cause: 'forbidden' })) > 0);
      refused.clear();
      await until(async () => (await open('Service')) === 3);
      assert.equal(await lost('Service'), 0);
    } finally {
      await source.close();
      client.close();
      await server.close();
    }
  });
});
