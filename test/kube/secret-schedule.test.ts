import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ObjectRef } from '../../src/api/cluster-state.ts';
import { type SecretOutcome, SecretSchedule, secretTiming } from '../../src/kube/objects/secret-schedule.ts';

const timing = {
  known: 60_000,
  missing: 5_000,
  again: { burst: 10, perSecond: 10 },
  first: { burst: 100, perSecond: 50 },
};

function secret(namespace: string, name: string): ObjectRef {
  return { kind: 'Secret', namespace, name };
}

interface Read {
  readonly at: number;
  readonly ref: ObjectRef;
}

/** Lets time pass until `end` (ms): every read is answered at once with what `outcomeOf` says. */
function run(
  schedule: SecretSchedule,
  start: number,
  end: number,
  outcomeOf: (ref: ObjectRef) => SecretOutcome,
): readonly Read[] {
  const reads: Read[] = [];
  for (let now = start; now <= end; ) {
    const next = schedule.next(now);
    if ('ref' in next) {
      reads.push({ at: now, ref: next.ref });
      schedule.settle(next.ref, outcomeOf(next.ref), now);
    } else if (next.wait === null) {
      break;
    } else {
      now += Math.max(1, Math.ceil(next.wait));
    }
  }
  return reads;
}

function gaps(reads: readonly Read[]): readonly number[] {
  return reads.slice(1).map(({ at }, index) => at - (reads[index]?.at ?? 0));
}

describe('when Secrets are read', () => {
  it('[BOUNDED] one that is there is read at least every 60 s, and not much more often', () => {
    const schedule = new SecretSchedule(timing);
    schedule.refer([secret('apps', 'tls')], 0);
    const waits = gaps(run(schedule, 0, 3_600_000, () => 'present'));
    assert.ok(waits.length >= 60, `${waits.length} reads in an hour`);
    assert.ok(
      waits.every((wait) => wait >= 48_000 && wait <= 60_001),
      waits.join(' '),
    );
  });

  it('those of many replicas are not read at the same moment: the last fifth of each interval is left to chance', () => {
    const ends = Array.from({ length: 200 }, () => {
      const schedule = new SecretSchedule(timing);
      schedule.refer([secret('apps', 'tls')], 0);
      return gaps(run(schedule, 0, 61_000, () => 'present'))[0] ?? 0;
    });
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    assert.ok(least < 50_000 && most > 58_000, `${least} to ${most} ms`);
  });

  it('one that is missing is read after 5 s, then ever less often down to every 60 s', () => {
    const schedule = new SecretSchedule(timing);
    schedule.refer([secret('apps', 'late')], 0);
    const waits = gaps(run(schedule, 0, 600_000, () => 'missing'));
    const bounds = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000];
    for (const [index, bound] of bounds.entries()) {
      const wait = waits[index] ?? 0;
      assert.ok(wait >= bound * 0.8 && wait <= bound + 1, `${index}: ${wait}`);
    }
  });

  it('one that appears is read as calmly as any other, and as eagerly as at first when it goes missing again', () => {
    const schedule = new SecretSchedule(timing);
    const ref = secret('apps', 'flapping');
    schedule.refer([ref], 0);
    run(schedule, 0, 300_000, () => 'missing');
    schedule.settle(ref, 'present', 300_000);
    schedule.settle(ref, 'missing', 360_000);
    const [first] = run(schedule, 360_000, 366_000, () => 'missing');
    assert.ok(first !== undefined && first.at <= 365_001, `${first?.at}`);
  });

  it('the budget holds whatever is referred to, and every Secret has its turn', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(counts, (namespaces) => {
        const schedule = new SecretSchedule(timing);
        const refs = namespaces.flatMap((count, space) =>
          Array.from({ length: count }, (_, index) => secret(`ns-${space}`, `s-${index}`)),
        );
        schedule.refer(refs, 0);
        const reads = run(schedule, 0, 120_000, ({ name }) => (name.endsWith('1') ? 'present' : 'missing'));
        const seen = new Set(reads.map(({ ref }) => JSON.stringify(ref)));
        assert.equal(seen.size, refs.length);
        const isFirst = reads.map(({ ref }, index) => reads.findIndex((other) => other.ref === ref) === index);
        for (const [kind, { burst, perSecond }] of [
          [true, timing.first],
          [false, timing.again],
        ] as const) {
          const times = reads.filter((_, index) => isFirst[index] === kind).map(({ at }) => at);
          assert.ok(times.length <= burst + 120 * perSecond, `${times.length}`);
          for (const at of times) {
            const inSecond = times.filter((other) => other > at - 1_000 && other <= at).length;
            assert.ok(inSecond <= burst + perSecond + 1, `burst at ${at}`);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('those of a replica that starts are read at once, whatever is due again', () => {
    const schedule = new SecretSchedule(timing);
    const old = Array.from({ length: 200 }, (_, index) => secret('old', `s-${index}`));
    schedule.refer(old, 0);
    run(schedule, 0, 100_000, () => 'present');
    const added = Array.from({ length: 100 }, (_, index) => secret(`ns-${index % 7}`, `s-${index}`));
    schedule.refer([...old, ...added], 100_000);
    const reads = run(schedule, 100_000, 100_100, () => 'present').filter(({ ref }) => ref.namespace !== 'old');
    assert.equal(reads.length, 100);
  });

  it('[STATIC] 5,000 certificates are all read within the 10 s that a start waits for them', () => {
    const schedule = new SecretSchedule(secretTiming);
    schedule.refer(
      Array.from({ length: 5_000 }, (_, index) => secret(`ns-${index % 20}`, `s-${index}`)),
      0,
    );
    assert.equal(run(schedule, 0, 10_000, () => 'present').length, 5_000);
  });

  it('[ISOLATED] a namespace with a thousand missing Secrets does not delay those of another', () => {
    const schedule = new SecretSchedule(timing);
    const flood = Array.from({ length: 1_000 }, (_, index) => secret('flood', `s-${index}`));
    schedule.refer(flood, 0);
    run(schedule, 0, 30_000, () => 'missing');
    schedule.refer([...flood, secret('apps', 'tls')], 30_000);
    const read = run(schedule, 30_000, 31_000, () => 'missing').find(({ ref }) => ref.namespace === 'apps');
    assert.ok(read !== undefined && read.at <= 30_200, `${read?.at}`);
  });

  it('[ISOLATED] whose turn it is takes no longer to tell among 80,000 missing Secrets of a namespace than among 800', () => {
    const perRead = (amount: number): number => {
      const schedule = new SecretSchedule(timing);
      schedule.refer(
        Array.from({ length: amount }, (_, index) => secret('flood', `s-${index}`)),
        0,
      );
      const costs = Array.from({ length: 6 }, (_, turn) => {
        const begin = performance.now();
        const reads = run(schedule, turn * 2_000, turn * 2_000 + 1_999, () => 'missing').length;
        return (performance.now() - begin) / reads;
      });
      return Math.min(...costs);
    };
    perRead(800);
    const [few, many] = [perRead(800), perRead(80_000)];
    const figures = `${(few * 1_000).toFixed(0)} µs with 800, ${(many * 1_000).toFixed(0)} µs with 80,000`;
    console.log(`      it takes ${figures}`);
    assert.ok(many < 30 * few, figures);
  });

  it('one that is dropped and referred to again while it is read has one turn', () => {
    const schedule = new SecretSchedule(timing);
    const [ref, other] = [secret('apps', 'tls'), secret('apps', 'other')];
    schedule.refer([ref, other], 0);
    assert.ok('ref' in schedule.next(0) && 'ref' in schedule.next(0));
    schedule.refer([other], 1);
    schedule.refer([ref, other], 2);
    schedule.settle(ref, 'present', 3);
    schedule.settle(other, 'present', 3);
    const waits = gaps(run(schedule, 4, 240_000, () => 'present').filter((read) => read.ref.name === 'tls'));
    assert.ok(waits.length >= 3 && waits.every((wait) => wait >= 48_000), waits.join(' '));
  });

  it('a read that failed leaves what an earlier one told, and counts as unanswered only where there was none', () => {
    const schedule = new SecretSchedule(timing);
    const [known, unknown] = [secret('apps', 'known'), secret('apps', 'unknown')];
    schedule.refer([known, unknown], 0);
    schedule.settle(known, 'present', 0);
    schedule.settle(known, 'failed', 1);
    schedule.settle(unknown, 'failed', 1);
    assert.deepEqual(schedule.unanswered(), [unknown]);
    assert.equal(schedule.count('present'), 1);
  });

  it('an answer to what is no longer referred to changes nothing', () => {
    const schedule = new SecretSchedule(timing);
    const ref = secret('apps', 'gone');
    schedule.refer([ref], 0);
    assert.deepEqual(schedule.refer([], 1), [ref]);
    schedule.settle(ref, 'present', 2);
    assert.equal(schedule.isReferred(ref), false);
    assert.deepEqual(schedule.next(100_000), { wait: null });
  });
});
