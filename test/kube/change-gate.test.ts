import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Kind, ObjectRef } from '../../src/api/cluster-state.ts';
import { ChangeGate } from '../../src/kube/objects/change-gate.ts';
import { until } from '../support/until.ts';

function ref(kind: Kind, name: string): ObjectRef {
  return { kind, namespace: 'apps', name };
}

interface Told {
  readonly at: number;
  readonly names: readonly string[];
}

function openGate(): { readonly gate: ChangeGate; readonly told: Told[] } {
  const told: Told[] = [];
  const gate = new ChangeGate({ written: 30, endpoints: 400 }, (changed) => {
    told.push({ at: performance.now(), names: changed.map(({ name }) => name) });
  });
  return { gate, told };
}

describe('telling changes', () => {
  it('nothing is told before the gate is opened, nor of what came before', async () => {
    const { gate, told } = openGate();
    gate.add([ref('Policy', 'early')]);
    gate.open();
    gate.add([ref('Policy', 'later')]);
    await until(() => told.length > 0, 2_000);
    assert.deepEqual(told[0]?.names, ['later']);
  });

  it('changes that come together are told together, each once', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('Policy', 'a'), ref('Ingress', 'b')]);
    gate.add([ref('Policy', 'a')]);
    await until(() => told.length > 0, 2_000);
    assert.deepEqual(
      told.map(({ names }) => names),
      [['a', 'b']],
    );
  });

  it('[BOUNDED] a change of endpoints waits for others, and a Policy does not wait with it', async () => {
    const { gate, told } = openGate();
    gate.open();
    const start = performance.now();
    gate.add([ref('EndpointSlice', 'slice')]);
    gate.add([ref('Policy', 'policy')]);
    await until(() => told.length > 0, 2_000);
    assert.deepEqual(told[0]?.names, ['slice', 'policy']);
    assert.ok((told[0]?.at ?? 0) - start < 350);
  });

  it('changes of endpoints alone wait longer: pods roll one after the other', async () => {
    const { gate, told } = openGate();
    gate.open();
    const start = performance.now();
    gate.add([ref('EndpointSlice', 'one')]);
    await until(() => performance.now() - start > 100, 2_000);
    gate.add([ref('EndpointSlice', 'two')]);
    await until(() => told.length > 0, 2_000);
    assert.deepEqual(told[0]?.names, ['one', 'two']);
  });

  it('[BOUNDED] changes without end do not put off what came first', async () => {
    const { gate, told } = openGate();
    gate.open();
    const start = performance.now();
    const churn = setInterval(() => gate.add([ref('EndpointSlice', 'slice')]), 5);
    await until(() => told.length > 0, 2_000);
    clearInterval(churn);
    gate.close();
    assert.ok((told[0]?.at ?? 0) - start < 700);
  });

  it('nothing is told after it is closed', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('Policy', 'late')]);
    gate.close();
    const closedAt = performance.now();
    await until(() => performance.now() - closedAt > 60, 2_000);
    assert.deepEqual(told, []);
  });
});
