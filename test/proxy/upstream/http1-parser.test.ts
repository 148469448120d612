import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { record } from './response-recorder.ts';
import { sampleText } from './response-sample.ts';
import { readSlowly } from './slow-response-oracle.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

describe('Responses of an upstream', () => {
  const whole: readonly (readonly [title: string, text: string, status: number, body: string])[] = [
    ['with a length', `${OK}Content-Length: 2\r\n\r\nok`, 200, 'ok'],
    ['with a length of 0', `${OK}Content-Length: 0\r\n\r\n`, 200, ''],
    ['without a reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 200, 'ok'],
    ['without a reason and its blank', 'HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nok', 404, 'ok'],
    ['of an unknown class', 'HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\nok', 999, 'ok'],
    [
      'in chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n00A;a="b"\r\n0123456789\r\n0\r\n\r\n`,
      200,
      'ok0123456789',
    ],
    ['in chunks, spelled otherwise', `${OK}transfer-encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, 200, 'ok'],
    ['in chunks, with trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n`, 200, 'ok'],
    ['until the connection ends', `${OK}\r\nok`, 200, 'ok'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nok', 200, 'ok'],
    ['of HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 200, 'ok'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304, ''],
    [
      'behind interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
      200,
      'ok',
    ],
  ];
  for (const [title, text, status, body] of whole) {
    it(`are read ${title}`, () => {
      const read = record(text, []);
      assert.deepEqual([read.state, read.status, read.body, read.rest], ['done', status, body, 0]);
    });
  }

  it('hold their fields as received: order, case, duplicates, and bytes above 0x7f', () => {
    const text = `${OK}x-B: 1\r\nX-a:\t caf\xe9 \t\r\nx-b:\r\nX-B:  two words\r\nContent-Length: 0\r\n\r\n`;
    const { fields } = record(text, []);
    assert.deepEqual(fields, ['x-B', '1', 'X-a', 'caf\xe9', 'x-b', '', 'X-B', 'two words', 'Content-Length', '0']);
  });

  it('to a HEAD have no body, whatever they declare', () => {
    for (const field of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X: 1']) {
      const read = record(`${OK}${field}\r\n\r\n`, [], { isToHead: true, ends: false });
      assert.deepEqual([read.state, read.status, read.body], ['done', 200, '']);
    }
  });

  it('are left where the next bytes are not theirs', () => {
    for (const text of [
      `${OK}Content-Length: 2\r\n\r\nok`,
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ]) {
      const read = record(`${text}HTTP/1.1 200 OK\r\n\r\n`, []);
      assert.deepEqual([read.state, read.body, read.rest], ['done', 'ok', 19]);
    }
  });

  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n';
  it('switch to the protocol that was asked for, and leave its bytes', () => {
    const read = record(`${switching}\x81\x00`, [], { upgrade: 'websocket' });
    assert.deepEqual([read.state, read.rest], ['upgraded', 2]);
    assert.equal(record(switching, []).state, 'malformed');
    assert.equal(record(switching.replace('WebSocket', 'h2c'), [], { upgrade: 'websocket' }).state, 'malformed');
    assert.equal(record(switching.replace('Upgrade: W', 'X: W'), [], { upgrade: 'websocket' }).state, 'malformed');
  });

  const withHead = (field: string) => `${OK}${field}\r\n\r\nbody`;
  const malformed: readonly (readonly [title: string, text: string])[] = [
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
    ['HTTP/0.9', '<html>'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a lower-case version', 'http/1.1 200 OK\r\n\r\n'],
    ['an empty line in front', `\r\n${OK}\r\n`],
    ['two blanks before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a control in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['lines that end with LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['a bare CR behind the status line', 'HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok'],
    ['a bare CR in a value', withHead('X: a\rb')],
    ['a bare LF in a value', withHead('X: a\nContent-Length: 2')],
    ['NUL in a value', withHead('X: a\0b')],
    ['DEL in a value', withHead('X: a\x7fb')],
    ['a folded line', withHead('X: a\r\n b')],
    ['a folded line with a tab', withHead('X: a\r\n\tb')],
    ['a blank before the first field', withHead(' X: a')],
    ['a blank before the colon', withHead('Content-Length : 2')],
    ['a field without a name', withHead(': a')],
    ['a field without a colon', withHead('Content-Length')],
    ['a name with a byte above 0x7f', withHead('X\xe9: a')],
    ['a name with a parenthesis', withHead('X(: a')],
    ['two lengths', withHead('Content-Length: 2\r\nContent-Length: 3')],
    ['one length twice', withHead('Content-Length: 2\r\ncontent-length: 2')],
    ['a list of lengths', withHead('Content-Length: 2, 2')],
    ['a negative length', withHead('Content-Length: -2')],
    ['a length with a sign', withHead('Content-Length: +2')],
    ['a length in hex', withHead('Content-Length: 0x2')],
    ['a fraction of a length', withHead('Content-Length: 2.0')],
    ['an empty length', withHead('Content-Length: ')],
    ['a length past what numbers count', withHead('Content-Length: 18446744073709551618')],
    ['a length of digits that are not ASCII', withHead('Content-Length: \xb2')],
    ['length and coding', withHead('Content-Length: 2\r\nTransfer-Encoding: chunked')],
    ['coding and length', withHead('Transfer-Encoding: chunked\r\nContent-Length: 2')],
    ['two codings in a list', withHead('Transfer-Encoding: gzip, chunked')],
    ['two codings in two fields', withHead('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity')],
    ['chunked twice', withHead('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
    ['identity', withHead('Transfer-Encoding: identity')],
    ['nearly chunked', withHead('Transfer-Encoding: \x0bchunked')],
    ['quoted chunked', withHead('Transfer-Encoding: "chunked"')],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['an interim response in HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n'],
    ['interim responses without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(21)],
    ['too many fields', withHead(Array.from({ length: 201 }, (_, index) => `X-${index}: 1`).join('\r\n'))],
    ['a head that is too large', withHead(`X: ${'a'.repeat(65_536)}`)],
    ['a head without end', `${OK}X: ${'a'.repeat(70_000)}`],
    ['a reason without end', `HTTP/1.1 200 ${'a'.repeat(70_000)}`],
  ];
  for (const [title, text] of malformed) {
    it(`are refused with ${title}, whatever pieces they come in, and nothing of them is handed on`, () => {
      for (const cuts of [[], everywhere(text)]) {
        const read = record(text, cuts);
        assert.deepEqual([read.state, read.status, read.body], ['malformed', null, '']);
      }
    });
  }

  const chunked = (body: string) => `${OK}Transfer-Encoding: chunked\r\n\r\n${body}`;
  for (const [title, body] of [
    ['no size', '\r\nok'],
    ['a size that is not hex', 'g\r\n'],
    ['a negative size', '-2\r\nok\r\n0\r\n\r\n'],
    ['a size with 0x', '0x2\r\nok\r\n0\r\n\r\n'],
    ['a size past what numbers count', 'fffffffffffff\r\n'],
    ['a size of zeros without end', '0'.repeat(100)],
    ['a blank before the size', ' 2\r\nok\r\n0\r\n\r\n'],
    ['a blank behind the size', '2 \r\nok\r\n0\r\n\r\n'],
    ['a size line that ends with LF', '2\nok\r\n0\r\n\r\n'],
    ['a bare CR in an extension', '2;a\rb\r\nok\r\n0\r\n\r\n'],
    ['a bare LF in an extension', '2;a\nb\r\nok\r\n0\r\n\r\n'],
    ['an extension without end', `2;${'a'.repeat(5000)}`],
    ['more data than its size', '2\r\nokok\r\n0\r\n\r\n'],
    ['a trailer that is no field', '0\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['a folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
    ['trailers without end', `0\r\n${'X: a\r\n'.repeat(300)}`],
    ['a large trailer', `0\r\nX: ${'a'.repeat(70_000)}`],
  ] as const) {
    it(`are broken off at chunks with ${title}`, () => {
      const text = chunked(body);
      for (const cuts of [[], everywhere(text)]) assert.equal(record(text, cuts).state, 'malformed');
    });
  }

  it('that are cut are not whole', () => {
    for (const text of [`${OK}Content-Length: 2\r\n\r\nok`, chunked('2\r\nok\r\n0\r\nX: 1\r\n\r\n')]) {
      for (let length = 0; length < text.length; length++) {
        assert.notEqual(record(text.slice(0, length), []).state, 'done', String(length));
      }
    }
  });

  it('lose their connection where it could carry what belongs to another request', () => {
    for (const fields of ['', 'Connection: close\r\n', 'connection: x, Close\r\n', 'Keep-Alive: timeout=1\r\n']) {
      assert.equal(record(`${OK}${fields}Content-Length: 0\r\n\r\n`, []).isReusable, fields === '');
    }
    assert.equal(
      record('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', []).isReusable,
      false,
    );
    assert.equal(record('HTTP/1.1 204 No Content\r\n\r\n', []).isReusable, true);
    assert.equal(record('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', []).isReusable, false);
    assert.equal(record('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', []).isReusable, false);
    assert.equal(record('HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', []).isReusable, false);
    assert.equal(record('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', []).isReusable, true);
    for (const scheme of ['NTLM', 'negotiate', 'Basic realm="x", Negotiate']) {
      const text = `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${scheme}\r\nContent-Length: 0\r\n\r\n`;
      assert.equal(record(text, []).isReusable, false, scheme);
    }
  });

  describe('in any pieces', () => {
    it('are read as in one', () => {
      fc.assert(
        fc.property(sampleText, fc.array(fc.nat(400)), fc.boolean(), fc.boolean(), (text, cuts, isToHead, pauses) => {
          const inOne = record(text, [], { isToHead });
          const positions = cuts.filter((cut) => cut < text.length);
          assert.deepEqual(record(text, positions, { isToHead, pauses }), inOne);
          assert.deepEqual(record(text, everywhere(text), { isToHead }), inOne);
        }),
        { numRuns: 1000 },
      );
    });

    it('are read as a slow and simple reader of RFC 9112 reads them', () => {
      fc.assert(
        fc.property(sampleText, fc.boolean(), (text, isToHead) => {
          const read = record(text, [], { isToHead });
          const slow = readSlowly(text, isToHead);
          switch (slow.kind) {
            case 'response': {
              const { isReusable: _, ...found } = read;
              assert.deepEqual({ ...found, kind: 'response' }, { ...slow, state: 'done' });
              break;
            }
            case 'malformed':
              assert.equal(read.state, 'malformed');
              break;
            case 'incomplete':
              assert.notEqual(read.state, 'done');
          }
        }),
        { numRuns: 3000 },
      );
    });
  });
});

function everywhere(text: string): readonly number[] {
  return Array.from({ length: Math.min(text.length, 70_000) }, (_, index) => index);
}
