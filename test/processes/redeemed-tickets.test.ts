import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { RedeemedTickets } from '../../src/processes/redeemed-tickets.ts';

describe('Redeemed tickets', () => {
  it('are redeemed once', () => {
    const tickets = new RedeemedTickets();
    assert.equal(tickets.redeem('a', 60, 0), true);
    assert.equal(tickets.redeem('a', 60, 0), false);
    assert.equal(tickets.redeem('b', 60, 0), true);
    assert.equal(tickets.redeem('a', 60, 59), false);
  });

  it('are never redeemed twice while they open, whatever comes between and whatever the clocks of workers say', () => {
    const step = fc.record({ ticket: fc.integer({ min: 0, max: 5 }), seconds: fc.integer({ min: -5, max: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tickets = new RedeemedTickets();
        const expiries = new Map<string, number>();
        let now = 1_000;
        for (const { ticket, seconds } of steps) {
          now += seconds;
          const name = `ticket-${ticket}`;
          const expiry = expiries.get(name) ?? now + 60;
          if (now > expiry) continue;
          assert.equal(tickets.redeem(name, expiry, now), !expiries.has(name));
          expiries.set(name, expiry);
        }
      }),
    );
  });

  it('[BOUNDED] are forgotten some time after they have expired, so that their number follows the sign-ins of a few minutes', () => {
    const tickets = new RedeemedTickets();
    assert.equal(tickets.redeem('a', 60, 0), true);
    assert.equal(tickets.redeem('a', 60, 300), true);
  });
});
