import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { secondsOfDateTime } from '../../src/api/date-time.ts';

const noon = 1_795_435_200; // 2026-11-23T12:00:00Z

describe('A time of an object', () => {
  const read: readonly (readonly [string, number])[] = [
    ['2026-11-23T12:00:00Z', noon],
    ['2026-11-23t12:00:00z', noon],
    ['2026-11-23T13:30:00+01:30', noon],
    ['2026-11-23T10:30:00-01:30', noon],
    ['2026-11-23T12:00:00.000Z', noon],
    ['2026-11-23T12:00:00.001Z', noon + 1],
    ['2026-11-23T12:00:00.000000001Z', noon + 1],
    ['2026-11-23T12:00:00.0000000000000000001Z', noon + 1],
    ['2026-11-23T13:00:00.12345678901+01:00', noon + 1],
    ['2026-11-23T12:00:00,5Z', noon + 1],
    ['2026-11-24T12:00:00+24:00', noon],
  ];
  for (const [text, seconds] of read) {
    it(`is read, a fraction rounded up: ${text}`, () => {
      assert.equal(secondsOfDateTime(text), seconds);
    });
  }

  for (const text of [
    '',
    'soon',
    '2026-11-23',
    '2026-11-23T12:00:00',
    '2026-11-23 12:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T12:00:60Z',
    '2026-02-30T12:00:00Z',
    '2026-11-23T12:00:00.Z',
    '2026-11-23T12:00:00Z ',
    '2026-11-23T12:00:00ZTwice',
  ]) {
    it(`is none: ${JSON.stringify(text)}`, () => {
      assert.equal(secondsOfDateTime(text), null);
    });
  }
});
