import { equal, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SessionCache } from '../../../src/identity/sessions/session-cache.ts';

const sealed = (n: number) => `${'x'.repeat(70)}${n.toString().padStart(30, '0')}`;

describe('the cache of opened sessions', () => {
  it('answers for the whole text and the host only', () => {
    const cache = new SessionCache<number>(1000);
    cache.set(sealed(1), 'a', 1);
    equal(cache.get(sealed(1), 'a'), 1);
    equal(cache.get(sealed(1), 'b'), null);
    equal(cache.get(sealed(2), 'a'), null);
    equal(cache.get(`y${sealed(1).slice(1)}`, 'a'), null);
    equal(cache.get(sealed(1).slice(1), 'a'), null);
    equal(cache.get('', 'a'), null);
  });

  it('[BOUNDED] keeps at most two generations', () => {
    const cache = new SessionCache<number>(1000);
    for (let n = 0; n < 500; n++) cache.set(sealed(n), 'a', n);
    const kept = Array.from({ length: 500 }, (_, n) => n).filter((n) => cache.get(sealed(n), 'a') !== null);
    ok(kept.length >= 10 && kept.length <= 20, `${kept.length} kept`);
  });

  it('keeps what is in use while others come and go', () => {
    const cache = new SessionCache<number>(1000);
    cache.set(sealed(0), 'a', 0);
    for (let n = 1; n < 500; n++) {
      cache.set(sealed(n), 'a', n);
      equal(cache.get(sealed(0), 'a'), 0);
    }
  });

  it('forgets everything when cleared', () => {
    const cache = new SessionCache<number>(1000);
    for (let n = 0; n < 15; n++) cache.set(sealed(n), 'a', n);
    cache.clear();
    for (let n = 0; n < 15; n++) equal(cache.get(sealed(n), 'a'), null);
  });
});
