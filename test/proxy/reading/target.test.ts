import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readTarget } from '../../../src/proxy/reading/read-target.ts';
import type { RefusalCode } from '../../../src/proxy/reading/refusal.ts';
import { accepted, assertRefused } from './request-sample.ts';
import { slowReading } from './slow-target-oracle.ts';

const refused: readonly (readonly [target: string, code: RefusalCode])[] = [
  ['http://app.example.com/', 'target-form'],
  ['https://app.example.com/admin', 'target-form'],
  ['app.example.com:443', 'target-form'],
  ['*', 'target-form'],
  ['', 'target-form'],
  ['?a=1', 'target-form'],
  ['admin', 'target-form'],
  ['\\admin', 'target-form'],
  ['//evil.example', 'path-segment'],
  ['/a//b', 'path-segment'],
  ['/a//', 'path-segment'],
  ['/.', 'path-segment'],
  ['/..', 'path-segment'],
  ['/./a', 'path-segment'],
  ['/a/..', 'path-segment'],
  ['/a/../b', 'path-segment'],
  ['/a/.?x', 'path-segment'],
  ['/a\\b', 'path-byte'],
  ['/\\evil.example', 'path-byte'],
  ['/a;b', 'path-byte'],
  ['/a/;jsessionid=1', 'path-byte'],
  ['/a\tb', 'path-byte'],
  ['/a b', 'path-byte'],
  ['/a\x00', 'path-byte'],
  ['/a\x7f', 'path-byte'],
  ['/caf\xe9', 'path-byte'],
  ['/caf\u0101', 'path-byte'],
  ['/a#b', 'path-byte'],
  ['/a?b#c', 'query-byte'],
  ['/a?b\xe9', 'query-byte'],
  ['/a?b\x01', 'query-byte'],
  ['/a?b\x7f', 'query-byte'],
  ['/%', 'path-escape'],
  ['/%4', 'path-escape'],
  ['/%g1', 'path-escape'],
  ['/%4x', 'path-escape'],
  ['/%u0041', 'path-escape'],
  ['/%00', 'path-escape'],
  ['/%1f', 'path-escape'],
  ['/%7F', 'path-escape'],
  ['/%0d%0aX: y', 'path-byte'],
  ['/%0d%0a', 'path-escape'],
  ['/a%2fb', 'path-escape'],
  ['/a%2Fb', 'path-escape'],
  ['/a%5cb', 'path-escape'],
  ['/a%5Cb', 'path-escape'],
  ['/%25', 'path-escape'],
  ['/%252e', 'path-escape'],
  ['/%2e', 'path-escape'],
  ['/%2E%2e/', 'path-escape'],
  ['/a%2ehtml', 'path-escape'],
  ['/a%3bb', 'path-escape'],
  ['/a%3Bb', 'path-escape'],
  ['/%ff', 'path-escape'],
  ['/%c3', 'path-escape'],
  ['/%c3x', 'path-escape'],
  ['/%c3%28', 'path-escape'],
  ['/%c0%af', 'path-escape'],
  ['/%e0%80%af', 'path-escape'],
  ['/%ed%a0%80', 'path-escape'],
  ['/%f4%90%80%80', 'path-escape'],
  ['/%c2%80', 'path-escape'],
  ['/%c2%9f', 'path-escape'],
];

const canonical: readonly (readonly [target: string, path: string, query: string])[] = [
  ['/', '/', ''],
  ['/?', '/', '?'],
  ['/%61dmin', '/admin', ''],
  ['/%41%5A%7a%30%2d%5f%7E', '/AZz0-_~', ''],
  ['/caf%c3%a9', '/caf%C3%A9', ''],
  ['/%f0%9f%98%80', '/%F0%9F%98%80', ''],
  ['/%c2%a0', '/%C2%A0', ''],
  ['/a%20b%3fc%23', '/a%20b%3Fc%23', ''],
  ['/%40admin', '/%40admin', ''],
  ['/@admin', '/@admin', ''],
  ["/a!$&'()*+,=:@b", "/a!$&'()*+,=:@b", ''],
  ['/[id]|{x}^`"<>', '/%5Bid%5D%7C%7Bx%7D%5E%60%22%3C%3E', ''],
  ['/a/', '/a/', ''],
  ['/...', '/...', ''],
  ['/.well-known/x', '/.well-known/x', ''],
  ['/a.b/..c/d..', '/a.b/..c/d..', ''],
  ['/a?//..;\\%2f%zz?x|y', '/a', '?//..;\\%2f%zz?x|y'],
];

describe('Reading a request target', () => {
  for (const [target, code] of refused) {
    it(`[ONE-READING] refuses ${JSON.stringify(target)}`, () => assertRefused({ target }, 400, code));
  }

  for (const [target, path, query] of canonical) {
    it(`[ONE-READING] reads ${target} as ${path} and ${query === '' ? 'no query' : query}`, () => {
      const request = accepted({ target });
      assert.deepEqual([request.path, request.query, request.target], [path, query, path + query]);
    });
  }

  it('takes an asterisk from OPTIONS only, and gives it a path that is none', () => {
    assert.equal(accepted({ method: 'OPTIONS', target: '*' }).path, '*');
    assertRefused({ method: 'OPTIONS', target: '*?a' }, 400, 'target-form');
  });

  it('[ONE-READING] agrees with a slow reading of the table, for any target', () => {
    const piece = fc.constantFrom(
      ...['/', '//', '.', '..', 'a', 'Z', '~', ';', '\\', '?', '#', '%', '%2', '%2e', '%2F', '%61', '%c3%a9', '%C2%85'],
      ...[
        '%e2%82%ac',
        '%ff',
        '%25',
        '%00',
        '%40',
        '@',
        '|',
        '[',
        ' ',
        '\t',
        '\xe9',
        '%7e',
        '%3b',
        '%5c',
        '*',
        '\u2025',
      ],
    );
    const target = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`),
      fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `/${text}`),
    );
    fc.assert(
      fc.property(target, (text) => {
        const reading = readTarget(text);
        const expected = slowReading(text);
        assert.deepEqual(reading.ok ? [reading.path, reading.query] : null, expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('[ONE-READING] changes nothing when a canonical target is read again', () => {
    const path = fc
      .array(fc.constantFrom('/', 'a', '%61', '%c3%a9', '%40', '@', '|', '%20', '.b', '?', '%7E', '{'), {
        maxLength: 15,
      })
      .map((pieces) => `/x${pieces.join('')}`);
    fc.assert(
      fc.property(path, (text) => {
        const first = readTarget(text);
        if (first.ok) assert.deepEqual(readTarget(first.target), first);
      }),
      { numRuns: 2_000 },
    );
  });
});
