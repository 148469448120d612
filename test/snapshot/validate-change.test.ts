import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { entryOf } from '../../src/snapshot/content-hash.ts';
import { type Key, tableKey } from '../../src/snapshot/ids.ts';
import type { Entry, Snapshot } from '../../src/snapshot/snapshot.ts';
import { applyDelta, diff } from '../../src/snapshot/snapshot-delta.ts';
import { validateChange, validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { arbitrarySnapshot, snapshotFrom } from './arbitrary-snapshot.ts';

const valid = snapshotFrom({ hosts: [1, 2], groups: 1, endpoints: [1], certificates: [1] });
const [someKey] = valid.endpoints.keys();
const elsewhere = tableKey('service', 'apps', 'elsewhere', 'http');

describe('validateChange', () => {
  it('finds nothing in a change from one valid snapshot to another', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, arbitrarySnapshot, (before, after) => {
        assert.deepEqual(validateChange(before, applyDelta(before, diff(before, after))), []);
      }),
    );
  });

  const broken: readonly (readonly [string, Partial<Snapshot>])[] = [
    ['a backend that lost its endpoints', { endpoints: without(valid.endpoints) }],
    ['endpoints of no backend', { endpoints: withOne(valid.endpoints, elsewhere, entryOf({ endpoints: [] })) }],
    [
      'endpoints with a port that is none',
      { endpoints: withOne(valid.endpoints, someKey, entryOf({ endpoints: [{ address: '192.0.2.1', port: 0 }] })) },
    ],
    [
      'endpoints with the hash of others',
      { endpoints: withOne(valid.endpoints, someKey, { hash: '0'.repeat(32), value: { endpoints: [] } }) },
    ],
    ['a policy that is gone from under its routes', { policies: new Map() }],
    ['a provider that is gone from under its routes', { identityProviders: new Map() }],
    ['a backend that is gone from under its routes', { backends: without(valid.backends) }],
    ['settings that are gone', { settings: new Map() }],
    ['one host under two keys', { hosts: doubled(valid.hosts) }],
  ];
  for (const [what, change] of broken) {
    it(`[CLOSED] finds ${what}, as a check of everything does`, () => {
      const next = { ...valid, ...change };
      const faults = validateChange(valid, next);
      assert.notDeepEqual(faults, []);
      assert.deepEqual(faults, validateSnapshot(next));
    });
  }
});

/** All but the first entry. */
function without<T>(table: ReadonlyMap<Key, T>): ReadonlyMap<Key, T> {
  return new Map([...table].slice(1));
}

function withOne<T>(
  table: ReadonlyMap<Key, Entry<T>>,
  key: Key | undefined,
  entry: Entry<T>,
): ReadonlyMap<Key, Entry<T>> {
  if (key === undefined) throw new Error('expected a key');
  return new Map([...table, [key, entry]]);
}

/** The first entry a second time, under another key. */
function doubled<T>(table: ReadonlyMap<Key, T>): ReadonlyMap<Key, T> {
  return new Map([...table, ...[...table.values()].slice(0, 1).map((entry) => [tableKey('again'), entry] as const)]);
}
