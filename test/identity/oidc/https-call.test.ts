import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import { after, before, describe, it } from 'mocha';
import { type CallHttps, createHttpsCall } from '../../../src/identity/oidc/https-call.ts';
import { createTestAuthority } from '../../support/test-authority.ts';

describe('calls to a provider', () => {
  let server: Server;
  let origin: string;
  let call: CallHttps;
  const paths: string[] = [];
  before(async () => {
    const authority = await createTestAuthority();
    const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
    server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
      const { url = '' } = request;
      paths.push(url);
      if (url === '/redirect') response.writeHead(302, { location: '/elsewhere' }).end();
      else if (url === '/endless') response.end(Buffer.alloc(300_000, 'x'));
      else if (url === '/cut') response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy());
      else request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end('.'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    call = createHttpsCall({ trustedCa: authority.caPem, dnsOverride: null });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const get = (path: string, by = call) => by({ url: origin + path, method: 'GET', headers: {}, body: '' });

  it('post a form and read the answer', async () => {
    const answer = await call({
      url: `${origin}/echo`,
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'é=1',
    });
    deepEqual(answer, { status: 200, body: 'é=1.' });
  });

  it('follow no redirect', async () => {
    equal((await get('/redirect')).status, 302);
    equal(paths.includes('/elsewhere'), false);
  });

  it('read 256 KiB and no more', () => rejects(get('/endless'), /more than 262144 bytes/));

  it('take no answer that was cut short', () => rejects(get('/cut')));

  it('trust the named authority alone', () =>
    rejects(get('/', createHttpsCall({ trustedCa: null, dnsOverride: null })), /certificate/));

  it('go over https only', () =>
    rejects(call({ url: 'http://127.0.0.1/', method: 'GET', headers: {}, body: '' }), TypeError));
});
