import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { diff } from '../../src/snapshot/snapshot-delta.ts';
import { retranslate } from '../../src/translate/retranslate.ts';
import { translate } from '../../src/translate/translate.ts';
import { arbitraryObjects, arbitrarySlice, uniqueObjects } from './arbitrary-state.ts';
import { objectFrom, stateOf, testOptions } from './manifest-state.ts';

describe('retranslation', () => {
  it('of changed EndpointSlices equals a translation of everything', () => {
    const slices = fc.array(arbitrarySlice, { maxLength: 6 });
    fc.assert(
      fc.property(arbitraryObjects, slices, slices, (objects, some, others) => {
        const rest = objects.filter(({ kind }) => kind !== 'EndpointSlice');
        const before = stateOf(uniqueObjects([...rest, ...some]));
        const after = { ...stateOf(uniqueObjects([...rest, ...others])), unreadable: before.unreadable };
        const previous = translate(before, testOptions);
        const rebuilt = retranslate(previous, before, after, testOptions);
        assert.deepEqual(rebuilt, translate(after, testOptions));
        assert.equal(rebuilt.snapshot.hosts, previous.snapshot.hosts, 'other tables are shared');
      }),
      { numRuns: 200 },
    );
  });

  it('of slices among which are those of our own Pods equals a translation of everything', () => {
    const options = { ...testOptions, ownService: { namespace: 'payments', name: 'web' } };
    const slices = fc.array(arbitrarySlice, { maxLength: 6 });
    fc.assert(
      fc.property(arbitraryObjects, slices, slices, (objects, some, others) => {
        const rest = objects.filter(({ kind }) => kind !== 'EndpointSlice');
        const before = stateOf(uniqueObjects([...rest, ...some]));
        const after = { ...stateOf(uniqueObjects([...rest, ...others])), unreadable: before.unreadable };
        const rebuilt = retranslate(translate(before, options), before, after, options);
        assert.deepEqual(rebuilt, translate(after, options));
      }),
      { numRuns: 200 },
    );
  });

  it('of any change equals a translation of everything', () => {
    fc.assert(
      fc.property(arbitraryObjects, arbitraryObjects, (some, others) => {
        const [before, after] = [stateOf(some), stateOf(others)];
        const previous = translate(before, testOptions);
        const next = retranslate(previous, before, after, testOptions);
        assert.deepEqual(next, translate(after, testOptions));
        for (const name of ['hosts', 'policies', 'endpoints'] as const) {
          for (const [key, entry] of next.snapshot[name]) {
            const known = previous.snapshot[name].get(key);
            if (known?.hash === entry.hash) assert.equal(entry, known, 'what did not change is the same object');
          }
        }
      }),
    );
  });

  it('of one change after the other, most objects being the same ones as before, equals a translation of everything', () => {
    const options = { ...testOptions, ownService: { namespace: 'payments', name: 'web' } };
    const places = fc.array(fc.nat(30), { maxLength: 4 });
    fc.assert(
      fc.property(arbitraryObjects, fc.array(fc.tuple(arbitraryObjects, places, places)), (first, changes) => {
        let state = stateOf(first);
        let translation = translate(state, options);
        let objects = first;
        for (const [others, gone, come] of changes) {
          const kept = objects.filter((_, index) => !gone.includes(index));
          objects = uniqueObjects([...others.filter((_, index) => come.includes(index)), ...kept]);
          const next = { ...stateOf(objects), unreadable: state.unreadable };
          translation = retranslate(translation, state, next, options);
          assert.deepEqual(translation, translate(next, options));
          state = next;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('changes nothing when slices of unused Services change', () => {
    const slice = (port: number) =>
      objectFrom({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'unused-1', namespace: 'apps', labels: { 'kubernetes.io/service-name': 'unused' } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: [{ addresses: ['192.0.2.1'] }],
      });
    const before = stateOf([slice(80)]);
    const after = { ...stateOf([slice(81)]), unreadable: before.unreadable };
    const previous = translate(before, testOptions);
    const rebuilt = retranslate(previous, before, after, testOptions);
    assert.equal(rebuilt, previous);
    assert.deepEqual(diff(previous.snapshot, rebuilt.snapshot).endpoints, { upserts: [], deletes: [] });
  });
});
