import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { connectionsInMemory } from '../../src/processes/connections-in-memory.ts';
import { defaultLimits } from '../../src/proxy/data-plane-options.ts';

const MIB = 1024 * 1024;

describe('[BOUNDED] The caps on connections', () => {
  it('are what the memory of the chart holds beside its processes, and one client takes no more than half', () => {
    assert.deepEqual(connectionsInMemory(768 * MIB, 2), { connections: 2_944, connectionsPerClient: 1_472 });
    assert.deepEqual(connectionsInMemory(2_048 * MIB, 4), { connections: 5_792, connectionsPerClient: 2_896 });
  });

  it('are never more than a worker can serve well', () => {
    const { connections, connectionsPerClient } = defaultLimits;
    assert.deepEqual(connectionsInMemory(64_000 * MIB, 2), { connections, connectionsPerClient });
  });

  it('leave somebody to be served where memory is short', () => {
    for (const memory of [1, 200 * MIB, 300 * MIB]) {
      for (const workers of [0, 1, 64]) {
        assert.deepEqual(connectionsInMemory(memory, workers), { connections: 1_000, connectionsPerClient: 500 });
      }
    }
  });

  it('are the most there are where no limit is known or meant', () => {
    const { connections, connectionsPerClient } = defaultLimits;
    for (const none of [0, 2 ** 63, 2 ** 64]) {
      assert.deepEqual(connectionsInMemory(none, 2), { connections, connectionsPerClient });
    }
  });
});
