import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { generateKey } from '../../../src/identity/keys/key-ring.ts';
import {
  isRotationDue,
  type KeyTiming,
  ringOfStoredKeys,
  rotateStoredKeys,
  type StoredKey,
} from '../../../src/identity/keys/stored-keys.ts';

const timing: KeyTiming = { readEvery: 60_000, rotateEvery: 30 * 86_400_000, keep: 8 * 86_400_000 };
const now = Date.parse('2026-01-31T12:00:00Z');
/** On the clock that nobody sets: when this replica started. */
const start = 1_000_000;

const stored = (createdAt: number): StoredKey => ({ key: generateKey(false), createdAt });
const old = stored(now - timing.rotateEvery);
const next = stored(now);

/** Which of the two seals, some time after this replica first read the newer one. */
const sealsAfter = (waited: number, by: number = now + waited) => {
  const seen = new Map([old, next].map(({ key }) => [key.kid, start]));
  const { sealingKey } = ringOfStoredKeys([next, old], seen, start + waited, by, timing);
  return sealingKey.kid === next.key.kid ? 'the new one' : 'the old one';
};

describe('keys that follow each other', () => {
  it('a new one seals three read intervals after it was read, and not a moment before', () => {
    deepEqual(
      [sealsAfter(0), sealsAfter(3 * 60_000 - 1), sealsAfter(3 * 60_000)],
      ['the old one', 'the old one', 'the new one'],
    );
  });

  it('the clock of whoever made it does not make it seal sooner, unless it would be wrong by ten minutes', () => {
    equal(sealsAfter(0, now + 3 * 60_000), 'the old one');
    equal(sealsAfter(0, now + 13 * 60_000), 'the new one', 'a replica that starts when it is long in use');
  });

  it('the only one seals at once', () => {
    equal(ringOfStoredKeys([next], new Map(), start, now, timing).sealingKey.kid, next.key.kid);
  });

  it('the newest gets a successor after 30 days, and one is kept for 8 days after its own came', () => {
    deepEqual([isRotationDue([old], now - 1, timing), isRotationDue([old], now, timing)], [false, true]);
    const kept = (after: number) => rotateStoredKeys([next, old], stored(now + after), timing).length;
    deepEqual([kept(timing.keep - 1), kept(timing.keep)], [3, 2]);
  });
});
