import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { eventText } from '../../src/translate/event-text.ts';

describe('the note of an Event', () => {
  it('has at most 1,024 bytes, and cuts no character in two', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 20 }), (sentences) => {
        const text = eventText(sentences);
        assert.ok(Buffer.byteLength(text) <= 1024);
        assert.ok(text.isWellFormed());
      }),
    );
  });

  it('is the one that the API server keeps: of half a character, where a text was cut before, it would make another one', () => {
    const halves = ['\u{1f600}'.slice(0, 1), '\u{1f600}'.slice(1)];
    assert.equal(eventText(halves), '\\u{d83d} \\u{de00}');
    assert.ok(eventText(['x'.repeat(1_500), ...halves]).isWellFormed());
  });

  it('is left whole where it fits', () => {
    assert.equal(eventText(['One.', 'Two.']), 'One. Two.');
  });

  it('shows that something was left out', () => {
    assert.match(eventText(['x'.repeat(2000)]), /^x{1000,} …$/);
  });
});
