import type { Context } from 'mocha';
import { KubeUnavailable } from './build-step.ts';

/** Time that a cold build may take. */
const BUILD_MS = 60 * 60_000;

/**
 * Sets a suite up. Where a program of the cluster can not be had the suite is skipped and says why, unless ENTRAGATE_CLUSTER_TESTS is `required`.
 *
 * @param context of the suite's `before`
 */
export async function orSkip<T>(context: Context, setUp: () => Promise<T>): Promise<T> {
  context.timeout(BUILD_MS);
  try {
    return await setUp();
  } catch (error) {
    if (!(error instanceof KubeUnavailable) || process.env.ENTRAGATE_CLUSTER_TESTS === 'required') throw error;
    console.log(error.message);
    context.skip();
  }
}
