import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * How long tests wait for what has to come, in milliseconds: twenty times what the slowest of it takes, for a machine that has much else to do.
 * Another deadline is given only where the time is what a test is about.
 */
export const PATIENCE_MS = 60_000;

/**
 * Waits until `condition` holds; fails when it does not within `deadlineMs` milliseconds.
 * The last word is a check after the deadline, so that a slow condition still counts when it holds, and so does what arrived while this process was
 * held up.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await delay(10);
  }
  await delay(10);
  assert.ok(await condition(), `not so within ${deadlineMs} ms: ${condition}`);
}
