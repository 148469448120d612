import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AttachedRoute, StatusUpdate } from '../../src/api/status-update.ts';
import { desiredStatus, type StatusAuthor } from '../../src/kube/status/desired-status.ts';

const author: StatusAuthor = { controllerName: 'entragate.dev/ingress-controller', addresses: [] };
const now = Date.parse('2026-01-31T12:00:00Z');

interface Controller {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly routes: readonly AttachedRoute[];
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

/** What a Policy has to show that so many Ingresses use. */
function update(routes: number, accepted: 'True' | 'False' = 'True'): StatusUpdate {
  const attachedRoutes = Array.from({ length: routes }, (_, index): AttachedRoute => {
    const name = `route-${String(index).padStart(3, '0')}`;
    return { namespace: 'apps', name, state: 'Denied', reason: 'PolicyMissing', message: 'x'.repeat(2_000) };
  });
  const reason = accepted === 'True' ? 'Accepted' : 'Invalid';
  return {
    ref: { kind: 'Policy', namespace: 'apps', name: 'finance' },
    ...{ uid: '1', generation: 3, event: null, address: false, attachedRoutes },
    conditions: [{ type: 'Accepted', status: accepted, reason, message: '' }],
  };
}

const controllersOf = (status: Readonly<Record<string, unknown>> | null) =>
  (status?.controllers ?? []) as readonly Controller[];

describe('the status that a Policy ought to have', () => {
  it('[BOUNDED] counts every route that uses it, and names the first 50, each with what it is and why', () => {
    const status = desiredStatus({}, update(60), author, now);
    const [own] = controllersOf(status);
    assert.deepEqual([status?.attachedRoutes, own?.attachedRoutes, own?.routes.length], [60, 60, 50]);
    const { name, state, reason, message } = own?.routes.at(-1) ?? {};
    assert.deepEqual([name, state, reason, message?.length], ['route-049', 'Denied', 'PolicyMissing', 1_024]);
  });

  it('counts the routes of every controller, and leaves what others said of theirs', () => {
    const other = { name: 'entragate.dev/internal', attachedRoutes: 7, routes: [], conditions: [] };
    const status = desiredStatus({ status: { controllers: [other] } }, update(2), author, now);
    assert.equal(status?.attachedRoutes, 9);
    assert.deepEqual(
      controllersOf(status).map(({ name }) => name),
      [author.controllerName, other.name],
    );
    assert.deepEqual(controllersOf(status)[1], other);
    assert.equal(desiredStatus({ status: status ?? {} }, update(2), author, now + 60_000), null, 'it has it now');
  });

  it('says programmed in the entry of a controller alone, and only of what is accepted', () => {
    for (const accepted of ['True', 'False'] as const) {
      const status = desiredStatus({}, update(1, accepted), author, now);
      const programmed = controllersOf(status)[0]?.conditions.find(({ type }) => type === 'Programmed');
      assert.equal(programmed?.status, accepted);
      assert.doesNotMatch(JSON.stringify(status?.conditions), /Programmed/);
    }
  });
});
