import { performance } from 'node:perf_hooks';
import { applyDelta, diff } from '../src/snapshot/snapshot-delta.ts';
import { validateSnapshot } from '../src/snapshot/validate-snapshot.ts';
import { retranslate } from '../src/translate/retranslate.ts';
import { translate } from '../src/translate/translate.ts';
import { translateOptions } from './cluster-objects.ts';
import { ingressCount, largeCluster, policyCount, withChangedPolicy, withChangedSlice } from './large-cluster.ts';
import { medianOf } from './median.ts';

/** Medians, in milliseconds. */
export interface TranslationFigures {
  /** First build, nothing compiled yet: 1,000 Ingresses, 200 Policies. */
  readonly firstBuild: number;
  /** A whole build when one Policy changed. */
  readonly laterBuild: number;
  readonly validate: number;
  /** One changed EndpointSlice: translation, delta, structured clone and its application, as on the way to a worker. */
  readonly endpointChange: number;
}

const RUNS = 21;

/** Measures the way from objects to a snapshot in this process. */
export function measureTranslation(): TranslationFigures {
  const state = largeCluster();
  const started = performance.now();
  const first = translate(state, translateOptions);
  const firstBuild = performance.now() - started;
  const laterBuild = medianOfRuns((run) => {
    const changed = withChangedPolicy(state, run);
    return timed(() => retranslate(first, state, changed, translateOptions));
  });
  const validate = medianOfRuns(() => timed(() => validateSnapshot(first.snapshot)));
  const endpointChange = medianOfRuns((run) => {
    const changed = withChangedSlice(state, run);
    return timed(() => {
      const next = retranslate(first, state, changed, translateOptions);
      applyDelta(first.snapshot, structuredClone(diff(first.snapshot, next.snapshot)));
    });
  });
  return { firstBuild, laterBuild, validate, endpointChange };
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function medianOfRuns(measure: (run: number) => number): number {
  return medianOf(Array.from({ length: RUNS }, (_, run) => measure(run)));
}

if (import.meta.main) {
  const { firstBuild, laterBuild, validate, endpointChange } = measureTranslation();
  const show = (name: string, figure: number) => console.log(`${name.padEnd(58)} ${figure.toFixed(1).padStart(8)} ms`);
  show(`first build, ${ingressCount} Ingresses and ${policyCount} Policies`, firstBuild);
  show('whole build after one changed Policy (median)', laterBuild);
  show('validation of the snapshot (median)', validate);
  show('one changed EndpointSlice, to a delta applied (median)', endpointChange);
}
