import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readRulePath } from '../../src/policy/compile/rule-path.ts';
import { decodeReservedCharacters, readCanonicalPath } from '../../src/snapshot/canonical-path.ts';

const piece = fc.oneof(
  fc.constantFrom('/', '.', '..', '%', '%2', ';', '\\', '?', '//', '@', ':', '"', '[', 'é', ' ', 'a', 'Z', '0', '~'),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`),
  fc.constantFrom('%c3%a9', '%C3%A9', '%C2%80', '%E0%80%AF'),
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

describe('paths in rules', () => {
  it('[ONE-READING] have the form that requests have, with reserved characters unescaped', () => {
    fc.assert(
      fc.property(text, (path) => {
        const request = readCanonicalPath(path);
        const rule = readRulePath(path, 'whole');
        assert.equal(rule.ok, request.ok, path);
        if (rule.ok && request.ok) assert.equal(rule.value, decodeReservedCharacters(request.path));
      }),
      { numRuns: 3000 },
    );
  });

  it('[ONE-READING] find every beginning and part of a request that could be written in a rule', () => {
    fc.assert(
      fc.property(text, fc.nat(40), fc.nat(40), (path, from, to) => {
        const request = readCanonicalPath(path);
        fc.pre(request.ok);
        const decoded = decodeReservedCharacters(request.path);
        const start = readRulePath(decoded.slice(0, Math.max(1, to)), 'start');
        if (start.ok) assert.ok(decoded.startsWith(start.value), path);
        const part = readRulePath(decoded.slice(Math.min(from, to), Math.max(from, to)), 'part');
        if (part.ok) assert.ok(decoded.includes(part.value), path);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [written, place, read] of [
    ['/', 'start', '/'],
    ['/admin/', 'start', '/admin/'],
    ['/a.', 'start', '/a.'],
    ['/%61dmin', 'whole', '/admin'],
    ['/%40me', 'whole', '/@me'],
    ['/{id}', 'whole', '/%7Bid%7D'],
    ['/caf%c3%a9', 'start', '/caf%C3%A9'],
    ['.csv', 'part', '.csv'],
    ['./x', 'part', './x'],
    ['%7c', 'part', '%7C'],
  ] as const) {
    it(`${written} as ${place} of a path is ${read}`, () => {
      assert.deepEqual(readRulePath(written, place), { ok: true, value: read });
    });
  }

  for (const [written, place] of [
    ['admin', 'whole'],
    ['admin', 'start'],
    ['/a?b=c', 'whole'],
    ['a//b', 'part'],
    ['/../', 'start'],
    ['/./', 'part'],
    ['/%2F', 'start'],
    ['/%2', 'start'],
    ['%c3', 'part'],
    ['/%00', 'start'],
    ['/ä', 'whole'],
  ] as const) {
    it(`${written} as ${place} of a path is refused, since no request would match it`, () => {
      assert.equal(readRulePath(written, place).ok, false);
    });
  }
});
