import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { fieldValues } from '../support/http-message.ts';
import { startProxy } from '../support/proxy-harness.ts';
import { openRawClient } from '../support/raw-client.ts';
import { AUTH_HOST, HOST, openWire, specFor, statusOf, type Wire } from './wire.ts';

describe('Security 4: plain HTTP and transport security', () => {
  let wire: Wire;
  before(async () => {
    wire = await openWire();
  });
  after(() => wire.close());

  const askPlainly = async (host: string, target: string, method = 'GET') => {
    const client = await wire.connectPlain();
    client.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
    const answer = await client.response({ toHead: method === 'HEAD' });
    client.destroy();
    return answer;
  };

  it('sends every request for a routed host to the same address over TLS, whatever port and case it came with', async () => {
    const reached = wire.upstream.bytes().length;
    for (const [host, target, method] of [
      [HOST, '/a/b?c=d&e=%2F', 'GET'],
      [HOST, '/', 'POST'],
      [`${HOST.toUpperCase()}.:8080`, '/x', 'DELETE'],
      [AUTH_HOST, '/oauth2/callback?code=x', 'GET'],
      [HOST, '/.entragate/callback?ticket=x', 'GET'],
    ] as const) {
      const answer = await askPlainly(host, target, method);
      assert.equal(statusOf(answer), 308, host);
      const canonical = host.toLowerCase().replace(/\.?(:\d+)?$/, '');
      assert.deepEqual(fieldValues(answer, 'location'), [`https://${canonical}:8443${target}`]);
      assert.deepEqual(fieldValues(answer, 'strict-transport-security'), []);
      assert.deepEqual(fieldValues(answer, 'set-cookie'), []);
    }
    assert.equal(wire.upstream.bytes().length, reached);
    await wire.control();
  });

  it('is 404 for every other host, so that it is nobody’s open redirect', async () => {
    for (const host of ['evil.example', `${HOST}.evil.example`, '127.0.0.1', 'example.com']) {
      const answer = await askPlainly(host, '/');
      assert.equal(statusOf(answer), 404, host);
      assert.deepEqual(fieldValues(answer, 'location'), []);
    }
  });

  it('is remembered by browsers for real hosts, for no sibling, and never from entragate dev', async () => {
    const transport = async (dev: boolean) => {
      const proxy = await startProxy({ spec: specFor(wire.upstream.port), dev });
      const values: (readonly string[])[] = [];
      for (const target of ['/', '/admin', '/.entragate/']) {
        const client = await openRawClient({ port: proxy.httpsPort, tls: { ca: proxy.ca, servername: HOST } });
        client.write(`GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
        values.push(fieldValues(await client.response(), 'strict-transport-security'));
        client.destroy();
      }
      await proxy.close();
      return values;
    };
    assert.deepEqual(await transport(false), [['max-age=31536000'], ['max-age=31536000'], ['max-age=31536000']]);
    assert.deepEqual(await transport(true), [[], [], []]);
  });
});
