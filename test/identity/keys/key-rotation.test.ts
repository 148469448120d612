import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, it } from 'mocha';
import { createKeyRing, generateKey } from '../../../src/identity/keys/key-ring.ts';
import { decodeKeyRing, encodeKeyRing } from '../../../src/identity/keys/key-ring-codec.ts';
import { noProvider } from '../../../src/identity/sealed/provider-binding.ts';
import { open, seal } from '../../../src/identity/sealed/seal.ts';
import { appHost } from '../sample-session.ts';

const payload = Buffer.from('payload');
const sealWith = (ring: ReturnType<typeof createKeyRing>) => seal('session', appHost, noProvider, payload, ring);
const opensWith = (ring: ReturnType<typeof createKeyRing>, sealed: string) =>
  open('session', appHost, noProvider, sealed, ring) !== null;

describe('key rotation', () => {
  const oldKey = generateKey(true);
  const newKey = generateKey(true);
  const before = createKeyRing([oldKey]);
  const announced = createKeyRing([{ ...newKey, sealing: false }, oldKey]);
  const during = createKeyRing([newKey, oldKey]);
  const after = createKeyRing([newKey]);

  it('signs nobody out: what the old key sealed still opens beside the new one', () => {
    ok(opensWith(announced, sealWith(before)));
    ok(opensWith(during, sealWith(before)));
  });

  it('seals with a new key only once every replica may have it', () => {
    ok(opensWith(before, sealWith(announced)));
    equal(opensWith(before, sealWith(during)), false);
    ok(opensWith(after, sealWith(during)));
  });

  it('ends with a removed key everything that it sealed', () => {
    equal(opensWith(after, sealWith(before)), false);
  });

  it('needs a key that seals, and ids that differ', () => {
    throws(() => createKeyRing([]), { code: 'key-ring-invalid' });
    throws(() => createKeyRing([{ ...newKey, sealing: false }]), { code: 'key-ring-invalid' });
    throws(() => createKeyRing([newKey, newKey]), { code: 'key-ring-invalid' });
  });
});

describe('a key ring as plain data', () => {
  const ring = createKeyRing([generateKey(true), generateKey(false)]);
  const encoded = encodeKeyRing(ring);

  it('comes back from JSON and from structured clone as the same keys', () => {
    for (const copy of [JSON.parse(JSON.stringify(encoded)), structuredClone(encoded)]) {
      const decoded = decodeKeyRing(copy);
      deepEqual(
        decoded.keys.map(({ kid, sealing }) => [kid, sealing]),
        ring.keys.map(({ kid, sealing }) => [kid, sealing]),
      );
      ok(opensWith(ring, sealWith(decoded)));
    }
  });

  it('is refused when anything is missing or does not belong together, and the message shows no key', () => {
    const [first, second] = encoded.keys;
    ok(first !== undefined && second !== undefined);
    const wrong: readonly unknown[] = [
      null,
      'text',
      {},
      { ...encoded, version: 2 },
      { ...encoded, keys: [] },
      { ...encoded, keys: [null] },
      { ...encoded, keys: [{ ...first, secret: 'c2hvcnQ' }] },
      { ...encoded, keys: [{ ...first, sealing: 'yes' }] },
      { ...encoded, keys: [{ ...first, assertionKey: { ...first.assertionKey, d: '' } }] },
      { ...encoded, keys: [{ ...first, assertionKey: { ...first.assertionKey, d: second.assertionKey.d } }] },
    ];
    for (const value of wrong) {
      throws(
        () => decodeKeyRing(value),
        (error: Error) => !error.message.includes(first.secret) && 'code' in error && error.code === 'key-ring-invalid',
      );
    }
  });

  it('[NO-TOKENS] prints no secret however a ring is printed', () => {
    const key = ring.sealingKey;
    const secret = Buffer.from(key.secret.reveal());
    for (const printed of [inspect(ring, { depth: 9 }), JSON.stringify(ring), `${key.secret}`]) {
      for (const form of [secret.toString('base64url'), secret.toString('hex'), key.assertionKey.reveal().d]) {
        equal(printed.includes(form), false);
      }
    }
    notEqual(key.secret.reveal().length, 0);
  });
});
