import assert from 'node:assert/strict';

/**
 * Holds the fastest of several rounds against a promise, and prints all: a machine with much else to do delays some of them, but a product that takes
 * longer than it promises does so every time.
 * @param times of the rounds (ms)
 * @param what happens in that time, in the words of a sentence
 */
export function assertFastest(times: readonly number[], promisedMs: number, what: string): void {
  console.log(`      ${times.map(Math.round).join(', ')} ms ${what}: ${promisedMs} ms are promised`);
  assert.ok(Math.min(...times) < promisedMs, `${times} ms ${what}`);
}
