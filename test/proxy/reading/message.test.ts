import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RefusalCode } from '../../../src/proxy/reading/refusal.ts';
import { AUTH_HOST, accepted, assertRefused, direct, read, type Sample } from './request-sample.ts';

const chunked = ['Transfer-Encoding', 'chunked'];
const webSocket = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];

const refused: readonly (readonly [name: string, sample: Sample, status: number, code: RefusalCode])[] = [
  ['chunked on HTTP/1.0', { method: 'POST', version: '1.0', headers: chunked }, 400, 'transfer-encoding'],
  ['gzip', { method: 'POST', headers: ['Transfer-Encoding', 'gzip'] }, 400, 'transfer-encoding'],
  ['gzip, chunked', { method: 'POST', headers: ['Transfer-Encoding', 'gzip, chunked'] }, 400, 'transfer-encoding'],
  [
    'chunked, identity',
    { method: 'POST', headers: ['Transfer-Encoding', 'chunked, identity'] },
    400,
    'transfer-encoding',
  ],
  ['Chunked in other case', { method: 'POST', headers: ['Transfer-Encoding', 'Chunked'] }, 400, 'transfer-encoding'],
  ['an empty coding', { method: 'POST', headers: ['Transfer-Encoding', ''] }, 400, 'transfer-encoding'],
  ['chunked twice', { method: 'POST', headers: [...chunked, ...chunked] }, 400, 'transfer-encoding'],
  [
    'gzip beside chunked',
    { method: 'POST', headers: [...chunked, 'Transfer-Encoding', 'gzip'] },
    400,
    'transfer-encoding',
  ],
  ['a length beside chunked', { method: 'POST', headers: [...chunked, 'Content-Length', '3'] }, 400, 'length-conflict'],
  [
    'a length of 0 beside chunked',
    { method: 'DELETE', headers: ['content-length', '0', ...chunked] },
    400,
    'length-conflict',
  ],
  ['two lengths', { method: 'POST', headers: ['Content-Length', '3', 'Content-Length', '4'] }, 400, 'length-conflict'],
  [
    'two equal lengths',
    { method: 'POST', headers: ['Content-Length', '3', 'content-length', '3'] },
    400,
    'length-conflict',
  ],
  ['a list of lengths', { method: 'POST', headers: ['Content-Length', '3, 3'] }, 400, 'length-invalid'],
  ['a signed length', { method: 'POST', headers: ['Content-Length', '+3'] }, 400, 'length-invalid'],
  ['a hexadecimal length', { method: 'POST', headers: ['Content-Length', '0x3'] }, 400, 'length-invalid'],
  ['an empty length', { method: 'POST', headers: ['Content-Length', ''] }, 400, 'length-invalid'],
  [
    'a length past what a number holds',
    { method: 'POST', headers: ['Content-Length', '9'.repeat(16)] },
    400,
    'length-invalid',
  ],
  ['a GET with a body', { headers: ['Content-Length', '1'] }, 400, 'body-on-get'],
  ['a GET with a chunked body', { headers: chunked }, 400, 'body-on-get'],
  ['a HEAD with a body', { method: 'HEAD', headers: ['Content-Length', '1'] }, 400, 'body-on-get'],
  ['a WebSocket by POST', { method: 'POST', headers: webSocket }, 400, 'upgrade-not-get'],
  [
    'a WebSocket by POST without Connection',
    { method: 'POST', headers: ['Upgrade', 'WebSocket'] },
    400,
    'upgrade-not-get',
  ],
  ['a WebSocket with a body', { headers: [...webSocket, 'Content-Length', '5'] }, 400, 'upgrade-with-body'],
  ['a WebSocket with a chunked body', { headers: [...webSocket, ...chunked] }, 400, 'upgrade-with-body'],
  ['CONNECT', { method: 'CONNECT', target: 'app.example.com:443' }, 405, 'method-refused'],
  ['TRACE', { method: 'TRACE' }, 405, 'method-refused'],
  ['HTTP/0.9', { version: '0.9' }, 400, 'http-version'],
  ['HTTP/2.0 on this parser', { version: '2.0' }, 400, 'http-version'],
  ['another expectation', { method: 'POST', headers: ['Expect', 'cookies'] }, 417, 'expectation-unknown'],
  [
    'two expectations',
    { method: 'POST', headers: ['Expect', '100-continue', 'Expect', '100-continue'] },
    417,
    'expectation-unknown',
  ],
  ['a name that folds into ours by an underscore', { headers: ['X_Entragate_User', 'x'] }, 400, 'field-aliases-ours'],
  ['a name that folds into ours by a dot', { headers: ['x-entragate.groups', 'x'] }, 400, 'field-aliases-ours'],
  ['a name that folds into ours in upper case', { headers: ['X-ENTRAGATE_ASSERTION', 'x'] }, 400, 'field-aliases-ours'],
];

describe('Reading the message', () => {
  for (const [name, sample, status, code] of refused) {
    it(`[ONE-READING] refuses ${name}`, () => assertRefused(sample, status, code));
  }

  it('closes the connection wherever the end of the message is in doubt', () => {
    for (const [name, sample, , code] of refused) {
      if (!/transfer|length|body|upgrade/.test(code)) continue;
      const result = read(sample);
      assert(result.kind === 'refused' && result.closesConnection, name);
    }
  });

  it('takes a chunked body from any method that has bodies, a DELETE among them', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const request = accepted({ method, headers: chunked });
      assert.deepEqual([request.hasBody, request.contentLength], [true, null], method);
    }
  });

  it('takes a declared length, and a GET that declares an empty body', () => {
    assert.deepEqual(pick(accepted({ method: 'POST', headers: ['Content-Length', '007'] })), [true, 7]);
    assert.deepEqual(pick(accepted({ headers: ['Content-Length', '0'] })), [false, 0]);
    assert.deepEqual(pick(accepted({ method: 'POST' })), [false, null]);
  });

  it('reads an upgrade to websocket, and to nothing else', () => {
    assert.equal(accepted({ headers: webSocket }).upgrade, 'websocket');
    assert.equal(
      accepted({ headers: ['Connection', 'keep-alive, upgrade', 'Upgrade', 'WebSocket'] }).upgrade,
      'websocket',
    );
    assert.equal(accepted({ headers: ['Upgrade', 'websocket'] }).upgrade, null);
    assert.equal(accepted({ headers: ['Connection', 'Upgrade', 'Upgrade', 'h2c'] }).upgrade, null);
    assert.equal(accepted({ headers: ['Connection', 'Upgrade', 'Upgrade', 'websocket, h2c'] }).upgrade, null);
    assert.equal(accepted({ headers: [...webSocket, 'Upgrade', 'h2c'] }).upgrade, null);
    assert.equal(accepted({ version: '1.0', headers: webSocket }).upgrade, null);
  });

  it('strips an upgrade that means nothing, and its settings', () => {
    const headers = [
      'Connection',
      'Upgrade, HTTP2-Settings',
      'Upgrade',
      'h2c',
      'HTTP2-Settings',
      'AAMAAABkAAQ',
      'X-Kept',
      '1',
    ];
    assert.deepEqual(accepted({ headers }).fields, ['X-Kept', '1']);
  });

  it('waits with the body only where HTTP/1.1 and a body ask for it', () => {
    const headers = ['Expect', '100-Continue', 'Content-Length', '3'];
    assert.equal(accepted({ method: 'POST', headers }).expectsContinue, true);
    assert.equal(accepted({ method: 'POST', version: '1.0', headers }).expectsContinue, false);
    assert.equal(accepted({ method: 'POST', headers: ['Expect', '100-continue'] }).expectsContinue, false);
    assert.equal(accepted({ method: 'POST', version: '1.0', headers: ['Expect', 'cookies'] }).expectsContinue, false);
  });
});

describe('Counting header fields', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, index) => [`X-F${index}`, '1']).flat();
  /** `Host: app.example.com` counts 23 with separators, `X-Big: …` 9 and its value. */
  const fieldsOf = (bytes: number) => ['X-Big', 'b'.repeat(bytes - 23 - 9)];

  it('takes 100 fields, and answers 431 to 101', () => {
    assert.equal(accepted({ headers: fields(99) }).fields.length, 198);
    assertRefused({ headers: fields(100) }, 431, 'too-many-fields');
  });

  it('takes 32 KiB of fields, and answers 431 to one byte more', () => {
    assert.equal(accepted({ headers: fieldsOf(32 * 1024) }).host, 'app.example.com');
    assertRefused({ headers: fieldsOf(32 * 1024 + 1) }, 431, 'fields-too-large');
  });

  it('lets own endpoints answer past both limits, so that signing out always works', () => {
    const headers = [...fields(150), ...fieldsOf(40 * 1024)];
    assert.equal(accepted({ target: '/.entragate/sign-out', method: 'POST', headers }).path, '/.entragate/sign-out');
    const connection = { ...direct, sni: AUTH_HOST };
    assert.equal(accepted({ bare: true, headers: ['Host', AUTH_HOST, ...headers], connection }).host, AUTH_HOST);
    assertRefused({ target: '/.entragatex', headers }, 431, 'too-many-fields');
    assertRefused({ target: '/?/.entragate/', headers }, 431, 'too-many-fields');
  });

  it('sees a length that hides behind a thousand fields', () => {
    const headers = [...fields(1_000), 'Content-Length', '5', 'Transfer-Encoding', 'chunked'];
    assertRefused({ method: 'POST', target: '/.entragate/sign-out', headers }, 400, 'length-conflict');
  });
});

function pick(request: { readonly hasBody: boolean; readonly contentLength: number | null }) {
  return [request.hasBody, request.contentLength];
}
