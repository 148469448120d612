import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Readiness, startAdminServer } from '../../src/telemetry/admin-server.ts';
import { createSilentLog } from '../../src/telemetry/logger.ts';
import { collectMetrics, createMetrics, renderMetrics } from '../../src/telemetry/metrics.ts';

describe('The admin listener', () => {
  const start = (readiness: () => Readiness, metrics = async () => 'x 1\n') =>
    startAdminServer({ host: '127.0.0.1', port: 0, readiness, metrics, log: createSilentLog() });

  it('tells health, readiness with what it waits for, and nothing else', async () => {
    let readiness: Readiness = { isReady: false, waitingFor: 'the first snapshot' };
    const admin = await start(() => readiness);
    const get = async (path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method, headers });
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
    assert.deepEqual(await get('/readyz'), [503, 'waiting for the first snapshot\n']);
    readiness = { isReady: true };
    assert.deepEqual(await get('/readyz'), [200, 'ready\n']);
    assert.equal((await get('/debug'))[0], 404);
    assert.equal((await get('/healthz', 'POST'))[0], 405);
    assert.equal((await get('/metrics', 'GET', { 'x-entragate-hop': '1' }))[0], 403);
    await admin.close();
  });

  it('shows the metrics of several processes as one', async () => {
    const workers = [createMetrics(), createMetrics()];
    for (const worker of workers) {
      worker.request({ route: 'a', status: 200, decision: 'allow', totalMs: 2, upstreamMs: 1 });
    }
    const admin = await start(
      () => ({ isReady: true }),
      async () => renderMetrics(await Promise.all(workers.map(collectMetrics))),
    );
    const response = await fetch(`http://127.0.0.1:${admin.port}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    assert.match(text, /entragate_requests_total\{route="a",status="200",decision="allow"\} 2/);
    assert.match(text, /entragate_request_duration_seconds_count 2/);
    await admin.close();
  });

  it('answers on, when metrics can not be collected', async () => {
    const admin = await start(
      () => ({ isReady: true }),
      async () => {
        throw new Error('a worker is gone');
      },
    );
    await assert.rejects(fetch(`http://127.0.0.1:${admin.port}/metrics`));
    assert.equal((await fetch(`http://127.0.0.1:${admin.port}/healthz`)).status, 200);
    await admin.close();
  });

  it('says which address can not be bound', async () => {
    const admin = await start(() => ({ isReady: true }));
    await assert.rejects(
      startAdminServer({
        host: '127.0.0.1',
        port: admin.port,
        readiness: () => ({ isReady: true }),
        metrics: async () => '',
        log: createSilentLog(),
      }),
      { code: 'listen-failed', message: new RegExp(`127\\.0\\.0\\.1:${admin.port}`) },
    );
    await admin.close();
  });
});
