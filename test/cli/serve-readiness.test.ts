import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ServeReadiness } from '../../src/cli/serve-readiness.ts';

describe('Readiness of entragate serve', () => {
  it('waits for the first snapshot, and goes while no worker serves: nobody listens then', () => {
    let isServed = false;
    const readiness = new ServeReadiness(
      () => [],
      () => isServed,
    );
    readiness.keysKnown();
    assert.deepEqual(readiness.current(), { isReady: false, waitingFor: 'the first snapshot' });
    isServed = true;
    readiness.serving();
    assert.deepEqual(readiness.current(), { isReady: true });
    isServed = false;
    assert.deepEqual(readiness.current(), { isReady: false, waitingFor: 'a worker: none serves' });
    isServed = true;
    assert.deepEqual(readiness.current(), { isReady: true });
    readiness.ending();
    assert.equal(readiness.current().isReady, false);
  });
});
