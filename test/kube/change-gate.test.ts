import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'mocha';
import type { Kind, ObjectRef } from '../../src/api/cluster-state.ts';
import { ChangeGate } from '../../src/kube/objects/change-gate.ts';
import { until } from '../support/until.ts';

function ref(kind: Kind, name: string): ObjectRef {
  return { kind, namespace: 'apps', name };
}

const TIMING = { written: 30, endpoints: 400 };

function openGate(): { readonly gate: ChangeGate; readonly told: (readonly string[])[] } {
  const told: (readonly string[])[] = [];
  const gate = new ChangeGate(TIMING, (changed) => {
    told.push(changed.map(({ name }) => name));
  });
  return { gate, told };
}

/** What is told within a time is told before a timer of that time fires: timers of a process fire in their order, however late. */
describe('telling changes', () => {
  it('nothing is told before the gate is opened, nor of what came before', async () => {
    const { gate, told } = openGate();
    gate.add([ref('Policy', 'early')]);
    gate.open();
    gate.add([ref('Policy', 'later')]);
    await until(() => told.length > 0);
    assert.deepEqual(told[0], ['later']);
  });

  it('changes that come together are told together, each once', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('Policy', 'a'), ref('Ingress', 'b')]);
    gate.add([ref('Policy', 'a')]);
    await until(() => told.length > 0);
    assert.deepEqual(told, [['a', 'b']]);
  });

  it('[BOUNDED] a change of endpoints waits for others, and a Policy does not wait with it', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('EndpointSlice', 'slice')]);
    gate.add([ref('Policy', 'policy')]);
    await delay(TIMING.endpoints - 50);
    assert.deepEqual(told, [['slice', 'policy']]);
  });

  it('changes of endpoints alone wait longer: pods roll one after the other', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('EndpointSlice', 'one')]);
    await delay(TIMING.endpoints - 50);
    gate.add([ref('EndpointSlice', 'two')]);
    await until(() => told.length > 0);
    assert.deepEqual(told[0], ['one', 'two']);
  });

  it('[BOUNDED] changes without end do not put off what came first', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('EndpointSlice', 'slice')]);
    const churn = setInterval(() => gate.add([ref('EndpointSlice', 'slice')]), 5);
    await delay(TIMING.endpoints + 50);
    clearInterval(churn);
    gate.close();
    assert.deepEqual(told, [['slice']]);
  });

  it('nothing is told after it is closed', async () => {
    const { gate, told } = openGate();
    gate.open();
    gate.add([ref('Policy', 'late')]);
    gate.close();
    await delay(2 * TIMING.written);
    assert.deepEqual(told, []);
  });
});
