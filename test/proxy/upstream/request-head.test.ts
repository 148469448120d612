import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { requestHead } from '../../../src/proxy/upstream/http1/request-head.ts';
import type { UpstreamRequest } from '../../../src/proxy/upstream/upstream.ts';
import { tableKey } from '../../../src/snapshot/ids.ts';

const base: UpstreamRequest = {
  backend: tableKey('apps', 'app', '80'),
  method: 'GET',
  target: '/x?y',
  headers: ['Host', 'app.example.com', 'X-A', '1'],
  sharedHeaders: [],
  body: null,
  contentLength: null,
  upgrade: null,
};
const textOf = (changed: Partial<UpstreamRequest>) => requestHead({ ...base, ...changed }).text;
const START = 'GET /x?y HTTP/1.1\r\nHost: app.example.com\r\nX-A: 1\r\n';

describe('The head of a request to an upstream', () => {
  it('is the request line, its fields in order, and the shared ones', () => {
    assert.equal(textOf({}), `${START}\r\n`);
    const sharedHeaders = ['X-Entragate-User', 'oid', 'X-Entragate-Name', 'caf\xe9'];
    for (let round = 0; round < 2; round++) {
      assert.equal(textOf({ sharedHeaders }), `${START}X-Entragate-User: oid\r\nX-Entragate-Name: caf\xe9\r\n\r\n`);
    }
  });

  it('announces chunks where the body has no length, and nothing where there is no body', () => {
    const body = Readable.from([]);
    assert.equal(textOf({ body }), `${START}Transfer-Encoding: chunked\r\n\r\n`);
    assert.equal(textOf({ body, contentLength: 3 }), `${START}\r\n`);
  });

  it('asks for an upgrade, and for the end of a connection that is bound to a user', () => {
    assert.equal(textOf({ upgrade: 'websocket' }), `${START}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
    for (const [credentials, isLast] of [
      ['NTLM TlRM', true],
      ['negotiate YII', true],
      ['Bearer ntlm', false],
      ['Basic bnRsbQ==', false],
    ] as const) {
      const head = requestHead({ ...base, headers: [...base.headers, 'authorization', credentials] });
      assert.equal(head.isLastOnConnection, isLast, credentials);
      assert.equal(head.text.includes('Connection: close\r\n'), isLast, credentials);
    }
  });

  it('is never written with what could end a line, or is another byte on the wire, in any part', () => {
    const unsafe = fc.constantFrom('\r', '\n', '\r\n', '\0', '\u010d', '\u010a', '\u560a', '\u{1f4a9}');
    const part = fc.tuple(fc.string(), unsafe, fc.string()).map((parts) => parts.join(''));
    fc.assert(
      fc.property(part, (text) => {
        for (const changed of [
          { method: text },
          { target: text },
          { headers: [...base.headers, text, '1'] },
          { headers: [...base.headers, 'X-B', text] },
          { sharedHeaders: [text, '1'] },
          { sharedHeaders: ['X-B', text] },
        ]) {
          assert.throws(() => textOf(changed), { code: 'unsafe-request-field' });
        }
      }),
    );
    for (const target of ['/a b', '/a\tb', '/\xe9']) assert.throws(() => textOf({ target }), target);
  });
});
