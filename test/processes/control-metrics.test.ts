import assert from 'node:assert/strict';
import { Registry } from '@prometheus-io/client';
import { describe, it } from 'mocha';
import { createControlMetrics } from '../../src/processes/control-metrics.ts';

describe('The metrics of the control plane', () => {
  it('tell readiness as it is when they are scraped: an age that is not known yet looks like none', async () => {
    const registry = new Registry();
    let [age, isReady] = [Number.POSITIVE_INFINITY, false];
    createControlMetrics(
      registry,
      () => age,
      () => isReady,
    );
    const shown = async () =>
      (await registry.metrics()).split('\n').filter((line) => /^entragate_(ready|config_age_seconds) /.test(line));
    assert.deepEqual(await shown(), ['entragate_ready 0', 'entragate_config_age_seconds 0']);
    [age, isReady] = [1500, true];
    assert.deepEqual(await shown(), ['entragate_ready 1', 'entragate_config_age_seconds 1.5']);
  });
});
