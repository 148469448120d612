import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `condition` holds; fails when it does not within `deadlineMs` milliseconds.
 * The last word is a check after the deadline, so that a slow condition still counts when it holds.
 */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await delay(10);
  }
  assert.ok(await condition(), `not so within ${deadlineMs} ms: ${condition}`);
}
