import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import { noProvider, providerBinding } from '../../../src/identity/sealed/provider-binding.ts';
import { maxSealedLength, open, openAnyBinding, type Purpose, seal } from '../../../src/identity/sealed/seal.ts';
import { appHost, otherHost, sampleProvider } from '../sample-session.ts';

const purposes: readonly Purpose[] = [
  'session',
  'auth-session',
  'flow-auth',
  'flow-app',
  'round',
  'postponed-recheck',
  'start-request',
  'state',
  'ticket',
  'sign-out-request',
  'sign-out-marker',
];

describe('sealed values', () => {
  const ring = createKeyRing([generateKey(true)]);
  const binding = providerBinding(sampleProvider);
  const payload = new Uint8Array([1, 2, 3]);

  it('[NO-TOKENS] open to what was sealed, and show nothing of it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 3000 }), (bytes) => {
        const sealed = seal('session', appHost, binding, bytes, ring);
        deepEqual(open('session', appHost, binding, sealed, ring), Buffer.from(bytes));
        equal(Buffer.from(sealed, 'base64url').includes(Buffer.from(bytes)), false);
      }),
      { numRuns: 100 },
    );
  });

  it('never look the same twice', () => {
    notEqual(seal('session', appHost, binding, payload, ring), seal('session', appHost, binding, payload, ring));
  });

  for (const sealedFor of purposes) {
    it(`[NO-TOKENS] of purpose ${sealedFor} open for no other purpose`, () => {
      const sealed = seal(sealedFor, appHost, binding, payload, ring);
      const opening = purposes.filter((purpose) => open(purpose, appHost, binding, sealed, ring) !== null);
      deepEqual(opening, [sealedFor]);
    });
  }

  it('[NO-TOKENS] open on no other host, and under no other provider configuration', () => {
    const sealed = seal('ticket', appHost, binding, payload, ring);
    equal(open('ticket', otherHost, binding, sealed, ring), null);
    equal(open('ticket', appHost, noProvider, sealed, ring), null);
    equal(open('ticket', appHost, providerBinding({ ...sampleProvider, clientId: 'x' }), sealed, ring), null);
    notEqual(open('ticket', appHost, binding, sealed, ring), null);
  });

  it('do not confuse where the purpose ends and the host begins', () => {
    const sealed = seal('session', `1:a${appHost}`, binding, payload, ring);
    equal(open('session', appHost, binding, sealed, ring), null);
  });

  it('are refused when any one bit of any byte was changed', () => {
    const bytes = Buffer.from(seal('session', appHost, binding, payload, ring), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bit;
        equal(openAnyBinding('session', appHost, changed.toString('base64url'), ring), null, `byte ${at}`);
      }
    }
    notEqual(openAnyBinding('session', appHost, bytes.toString('base64url'), ring), null);
  });

  it('are refused when cut, extended, or spelled another way', () => {
    const sealed = seal('session', appHost, binding, payload, ring);
    const spellings = [sealed.slice(0, -1), `${sealed}A`, `${sealed}=`, `${sealed} `, ` ${sealed}`, `${sealed}\n`];
    for (const spelling of spellings) equal(openAnyBinding('session', appHost, spelling, ring), null);
    const standard = Buffer.from(sealed, 'base64url').toString('base64');
    if (standard !== sealed) equal(openAnyBinding('session', appHost, standard, ring), null);
  });

  it('open from no text that was not sealed, whatever it is', () => {
    const random = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    fc.assert(fc.property(random, (text) => openAnyBinding('session', appHost, text, ring) === null));
  });

  it('are refused past the size that a session may have', () => {
    const largest = Math.floor((maxSealedLength * 3) / 4) - 63;
    const fits = seal('session', appHost, binding, randomBytes(largest), ring);
    equal(fits.length, maxSealedLength);
    notEqual(openAnyBinding('session', appHost, fits, ring), null);
    const tooLong = seal('session', appHost, binding, randomBytes(largest + 1), ring);
    equal(openAnyBinding('session', appHost, tooLong, ring), null);
  });
});
