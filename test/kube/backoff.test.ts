import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Backoff } from '../../src/kube/api-server/backoff.ts';

const timing = { first: 200, last: 10_000 };
const steps = [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000];

describe('waiting for an API server', () => {
  it('doubles up to a last time and goes on for ever, and begins anew where it got on', () => {
    const backoff = new Backoff(timing);
    for (const round of ['first', 'second']) {
      for (const step of steps) {
        const wait = backoff.next();
        assert.ok(wait >= step / 2 && wait <= step, `${round} round: ${wait} of ${step} ms`);
      }
      backoff.reset();
    }
  });

  it('parts replicas that lost it at the same moment: half of each time is left to chance', () => {
    const waits = Array.from({ length: 1_000 }, () => new Backoff(timing).next());
    const [least, most] = [Math.min(...waits), Math.max(...waits)];
    assert.ok(least < 120 && most > 180, `${least} to ${most} ms`);
  });
});
