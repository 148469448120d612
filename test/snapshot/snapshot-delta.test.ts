import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { applyDelta, diff, EMPTY_SNAPSHOT, isEmptyDelta } from '../../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { arbitrarySnapshot, snapshotFrom } from './arbitrary-snapshot.ts';

describe('snapshot deltas', () => {
  const seed = { hosts: [1, 2], groups: 1, endpoints: [1], certificates: [] };

  it('lead from one snapshot to the next, applied in sequence after a structured clone each', () => {
    fc.assert(
      fc.property(fc.array(arbitrarySnapshot, { minLength: 1, maxLength: 8 }), (snapshots) => {
        let served = EMPTY_SNAPSHOT;
        let previous = null;
        for (const next of snapshots) {
          served = applyDelta(served, structuredClone(diff(previous, next)));
          assert.deepEqual(served, next);
          assert.deepEqual(validateSnapshot(served), []);
          previous = next;
        }
      }),
    );
  });

  it('are empty between equal snapshots, however those were built', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        assert.ok(isEmptyDelta(diff(snapshot, structuredClone(snapshot))));
      }),
    );
  });

  it('hold only what changed: new endpoints of one Service touch no route', () => {
    const before = snapshotFrom(seed);
    const delta = diff(before, snapshotFrom({ ...seed, endpoints: [1, 2] }));
    assert.equal(delta.endpoints.upserts.length, 2);
    assert.deepEqual([delta.hosts.upserts, delta.policies.upserts, delta.backends.upserts], [[], [], []]);
    const after = applyDelta(before, delta);
    assert.equal(after.hosts, before.hosts, 'the table is shared');
    assert.notEqual(after.endpoints, before.endpoints);
  });

  it('delete what is gone', () => {
    const before = snapshotFrom(seed);
    const after = snapshotFrom({ ...seed, hosts: [2] });
    assert.deepEqual(diff(before, after).hosts.deletes, ['["exact","h1"]']);
    assert.equal(applyDelta(before, diff(before, after)).hosts.size, 1);
  });

  it('leave the snapshot that they are applied to as it was', () => {
    const before = snapshotFrom(seed);
    const copy = structuredClone(before);
    applyDelta(before, diff(before, snapshotFrom({ ...seed, hosts: [3] })));
    assert.deepEqual(before, copy);
  });
});
