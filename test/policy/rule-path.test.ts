import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readRulePath } from '../../src/policy/rule-path.ts';
import { decodeReservedCharacters, readCanonicalPath } from '../../src/snapshot/canonical-path.ts';

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '.',
    '..',
    '%',
    '%2',
    ';',
    '\\',
    '?',
    '#',
    '//',
    '@',
    ':',
    '"',
    '[',
    '|',
    'é',
    ' ',
    'a',
    'Z',
    '0',
    '-',
    '~',
  ),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`),
  fc.constantFrom('%c3%a9', '%C3%A9', '%C2%80', '%E0%80%AF'),
);
const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

describe('paths in rules', () => {
  it('[ONE-READING] accepts exactly the paths that the proxy hands to rules, with reserved characters unescaped', () => {
    fc.assert(
      fc.property(path, (text) => {
        const reading = readCanonicalPath(text);
        const isCanonical = reading.ok && reading.path === text && decodeReservedCharacters(text) === text;
        assert.equal(readRulePath(text, 'whole').ok, isCanonical, text);
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts every beginning and part of a canonical path that ends between characters', () => {
    for (const start of ['/', '/admin', '/admin/', '/a.', '/caf%C3%A9'])
      assert.ok(readRulePath(start, 'start').ok, start);
    for (const part of ['admin', '.csv', './x', '/..a', '%20']) assert.ok(readRulePath(part, 'part').ok, part);
  });

  for (const [text, place] of [
    ['admin', 'whole'],
    ['admin', 'start'],
    ['/a?b=c', 'whole'],
    ['a//b', 'part'],
    ['/../', 'start'],
    ['/a/./b', 'part'],
    ['/%61', 'whole'],
    ['/%40', 'whole'],
    ['/%2F', 'start'],
    ['%c3%a9', 'part'],
    ['/%00', 'start'],
    ['/{id}', 'whole'],
    ['/ä', 'whole'],
  ] as const) {
    it(`refuses ${text} as ${place} of a path, since no request would match it`, () => {
      assert.equal(readRulePath(text, place).ok, false);
    });
  }
});
