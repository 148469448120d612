import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { eventually, type HarnessSpec, type ProxyHarness, startProxy } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { statusOf } from './wire.ts';

const TOKEN = '/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const HOST = 'app.example.com';

/** Anybody who writes an EndpointSlice can name an address of our own Service, of its load balancer or of a node: there is no list of those. */
const leadingBack = (port: number): HarnessSpec => ({
  hosts: [{ name: HOST, routes: [{ path: '/', access: 'public', service: 'back' }] }],
  challenges: [{ host: 'new.example.com', path: TOKEN, service: 'back' }],
  services: { back: [port] },
});

/** The first, and each of the eight times that it came back. */
const MOST_REQUESTS = 9;

describe('Security 3: a request that comes back to us', () => {
  let proxy: ProxyHarness | null = null;
  afterEach(() => proxy?.close());

  /** Status of one request on the plain listener, and how many requests became of it. */
  const ask = async (running: ProxyHarness, host: string, target: string, fields = '') => {
    const client = await openRawClient({ port: running.httpPort, tls: null });
    client.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`);
    const status = statusOf(await client.response());
    client.destroy();
    await eventually('all are over', () => running.dataPlane.stats.requests === 0);
    await eventually('their lines', () => running.accessLines().length >= MOST_REQUESTS);
    return { status, requests: running.accessLines().length };
  };

  it('[BOUNDED] again and again, as a challenge whose solver is our own address, is refused: one request became a thousand', async () => {
    proxy = await startProxy({ spec: null });
    proxy.apply(leadingBack(proxy.httpPort));
    assert.deepEqual(await ask(proxy, 'new.example.com', TOKEN), { status: 502, requests: MOST_REQUESTS });
  });

  it('[BOUNDED] from an address that we trust as a load balancer is refused as well', async () => {
    proxy = await startProxy({ spec: null, trustedProxies: ['127.0.0.0/8'] });
    proxy.apply(leadingBack(proxy.httpPort));
    const { status, requests } = await ask(proxy, HOST, '/', 'X-Forwarded-Proto: https\r\n');
    assert.deepEqual([status, requests], [502, MOST_REQUESTS]);
  });

  it('once or twice is an app that asks another one, and passes on every field', async () => {
    proxy = await startProxy({ spec: null });
    proxy.apply(leadingBack(proxy.httpPort));
    const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } });
    client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Entragate-Hop: 2\r\n\r\n`);
    assert.equal(statusOf(await client.response()), 308, 'the plain listener, as the app, redirects');
    client.destroy();
  });
});
