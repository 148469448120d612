import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'mocha';
import { createApiClient } from '../../src/kube/api-server/api-client.ts';
import type { LoadBalancerAddress } from '../../src/kube/status/desired-status.ts';
import { followServiceAddress } from '../../src/kube/status/service-address.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { startScriptedApiServer } from './scripted-api-server.ts';

const service = { namespace: 'edge', name: 'load-balancer' };

describe('the address of a Service that Ingresses show', () => {
  it('is said to be missing where the Service can not be read, once, and is shown when it can', async () => {
    let isThere = false;
    let reads = 0;
    const lines: string[] = [];
    const shown: (readonly LoadBalancerAddress[])[] = [];
    const server = await startScriptedApiServer((_, _url, response) => {
      reads += 1;
      if (!isThere) response.writeHead(404).end(JSON.stringify({ message: 'services "load-balancer" not found' }));
      else response.end(JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } }));
    });
    const client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const ending = new AbortController();
    const following = followServiceAddress({
      ...{ client, service, readEvery: 20, signal: ending.signal },
      onChange: (addresses) => shown.push(addresses),
      log: createLogger({ level: 'info', format: 'json', destination }),
    });
    try {
      await until(() => reads > 3);
      const told = lines.filter((line) => line.includes('Service edge/load-balancer can not be read'));
      assert.equal(told.length, 1, lines.join(''));
      assert.ok(told[0]?.includes('not found'));
      isThere = true;
      await until(() => shown.length === 1);
      assert.deepEqual(shown, [[{ ip: '203.0.113.7' }]]);
      isThere = false;
      const before = reads;
      await until(() => reads > before + 3);
      assert.equal(shown.length, 1, 'what is known stays while it can not be read');
    } finally {
      ending.abort();
      await following;
      client.close();
      await server.close();
    }
  });
});
