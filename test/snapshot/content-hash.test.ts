import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { canonicalJson, contentHash, entryOf } from '../../src/snapshot/content-hash.ts';

describe('content hashes', () => {
  it('[ORDER] do not depend on the order in which fields were written', () => {
    assert.equal(contentHash({ a: 1, b: { c: [2], d: null } }), contentHash({ b: { d: null, c: [2] }, a: 1 }));
  });

  it('have 128 bits', () => {
    assert.match(contentHash({}), /^[0-9a-f]{32}$/);
  });

  it('differ with the content, and agree on a copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [one, other] = [contentHash({ a }), contentHash({ a: b })];
        assert.equal(one === other, canonicalJson(a) === canonicalJson(b));
        assert.equal(contentHash(structuredClone({ a })), one);
      }),
    );
  });

  it('belong to entries that nobody can change', () => {
    const entry = entryOf({ list: [{ deep: 1 }] });
    assert.throws(() => Object.assign(entry.value.list[0] ?? {}, { deep: 2 }), TypeError);
  });
});
