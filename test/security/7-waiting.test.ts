import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { statusOf } from './wire.ts';

const HOST = 'status.example.com';
const TOKEN = '/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';

describe('Security 7: requests to public routes that wait for their turn', () => {
  let upstream: RecordingUpstream;
  let proxy: ProxyHarness;
  before(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({ spec: null });
  });
  after(async () => {
    await proxy.close();
    await upstream.close();
  });

  const spec = (access: 'public' | 'denied' | 'gone', challenges: HarnessSpec['challenges'] = []): HarnessSpec => ({
    hosts: access === 'gone' ? [] : [{ name: HOST, routes: [{ path: '/', access, service: 'app' }] }],
    services: { app: [upstream.port] },
    challenges,
  });
  /** Asks once; the snapshot changes while the request waits. */
  const askWhile = async (target: string, isPlain: boolean, change: () => void): Promise<number> => {
    const tls = isPlain ? null : { ca: proxy.ca, servername: HOST };
    const client = await openRawClient({ port: isPlain ? proxy.httpPort : proxy.httpsPort, tls });
    const { metrics } = proxy;
    const { requestsWaiting } = metrics;
    let waited = 0;
    metrics.requestsWaiting = (line, count) => {
      requestsWaiting(line, count);
      if (line !== 'public' || count === 0) return;
      waited += 1;
      if (waited === 1) change();
    };
    try {
      client.write(`GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      const status = statusOf(await client.response());
      assert.equal(waited, 1);
      return status;
    } finally {
      metrics.requestsWaiting = requestsWaiting;
      client.destroy();
    }
  };

  it('[BOUNDED] are decided on again when what decided has changed meanwhile: under a flood that may be seconds', async () => {
    for (const [access, status] of [
      ['denied', 403],
      ['gone', 404],
    ] as const) {
      proxy.apply(spec('public'));
      const before = upstream.requests.length;
      assert.equal(await askWhile('/', false, () => proxy.apply(spec(access))), status);
      assert.equal(upstream.requests.length, before);
    }
    const challenges = [{ host: HOST, path: TOKEN, service: 'app' }];
    proxy.apply(spec('public', challenges));
    const before = upstream.requests.length;
    assert.equal(await askWhile(TOKEN, true, () => proxy.apply(spec('public'))), 308);
    assert.equal(upstream.requests.length, before);
  });

  it('go on where they would be let in again, whatever else has changed', async () => {
    const challenges = [{ host: HOST, path: TOKEN, service: 'app' }];
    proxy.apply(spec('public'));
    assert.equal(await askWhile('/', false, () => proxy.apply(spec('public', challenges))), 200);
    assert.equal(await askWhile(TOKEN, true, () => proxy.apply(spec('denied', challenges))), 200);
  });
});
