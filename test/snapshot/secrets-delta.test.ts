import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Key, tableKey } from '../../src/snapshot/ids.ts';
import { Redacted } from '../../src/snapshot/redacted.ts';
import type { Secret, Secrets } from '../../src/snapshot/secret.ts';
import { applySecretsDelta, decodeSecrets, diffSecrets, encodeSecrets } from '../../src/snapshot/secrets-delta.ts';

const arbitrarySecret: fc.Arbitrary<Secret> = fc.oneof(
  fc.constantFrom('a', 'b').map((value): Secret => ({ kind: 'client-secret', value: new Redacted(value) })),
  fc
    .record({ certPem: fc.constantFrom('c', 'd'), keyPem: fc.constantFrom('e', 'f') })
    .map(({ certPem, keyPem }): Secret => ({ kind: 'key-pair', certPem, keyPem: new Redacted(keyPem) })),
);
const arbitrarySecrets: fc.Arbitrary<Secrets> = fc
  .array(fc.tuple(fc.constantFrom('x', 'y', 'z'), arbitrarySecret))
  .map((entries) => new Map(entries.map(([name, secret]): [Key, Secret] => [tableKey(name), secret])));

function revealed(secrets: Secrets): unknown {
  return [...secrets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, secret]) => {
      return secret.kind === 'key-pair' ? [key, secret.certPem, secret.keyPem.reveal()] : [key, secret.value.reveal()];
    });
}

describe('deltas of secrets', () => {
  it('survive encoding, a structured clone and decoding, and lead to the next set', () => {
    fc.assert(
      fc.property(arbitrarySecrets, arbitrarySecrets, (before, next) => {
        const received = decodeSecrets(structuredClone(encodeSecrets(diffSecrets(before, next))));
        assert.deepEqual(revealed(applySecretsDelta(before, received)), revealed(next));
      }),
    );
  });

  it('are empty when nothing changed, although every value is wrapped anew', () => {
    const make = (): Secrets => new Map([[tableKey('x'), { kind: 'client-secret', value: new Redacted('a') }]]);
    assert.deepEqual(diffSecrets(make(), make()), { upserts: [], deletes: [] });
  });

  it('[NO-TOKENS] show nothing when they are printed, before or after the journey', () => {
    const secrets: Secrets = new Map([
      [tableKey('x'), { kind: 'client-secret', value: new Redacted('canary-1') }],
      [tableKey('y'), { kind: 'key-pair', certPem: 'public', keyPem: new Redacted('canary-2') }],
    ]);
    const delta = diffSecrets(null, secrets);
    const received = decodeSecrets(structuredClone(encodeSecrets(delta)));
    for (const printed of [inspect(delta, { depth: 9 }), JSON.stringify(delta), inspect(received, { depth: 9 })]) {
      assert.doesNotMatch(printed, /canary/);
    }
  });
});
