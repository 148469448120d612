import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AttachedRoute, StatusUpdate } from '../../src/api/status-update.ts';
import { desiredStatus, type StatusAuthor, statusWithoutAddress } from '../../src/kube/status/desired-status.ts';

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

const conditionsOf = (status: Readonly<Record<string, unknown>> | null) =>
  (status?.conditions ?? []) as readonly {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }[];

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

  it('is what the API server keeps of it: of half a character it makes another one, and every election would write it again', () => {
    const half = '\u{1f600}'.slice(0, 1);
    const said = update(1, 'False');
    const conditions = said.conditions.map((condition) => ({ ...condition, message: `spec.rules[0].${half}` }));
    const attachedRoutes = said.attachedRoutes.map((route) => ({ ...route, message: `${'x'.repeat(1_023)}\u{1f600}` }));
    const status = desiredStatus({}, { ...said, conditions, attachedRoutes }, author, now);
    const texts = JSON.stringify(status);
    assert.ok(texts.includes('spec.rules[0].\ufffd') && texts.includes(`x\ufffd"`), texts);
    assert.doesNotMatch(texts, /\\ud83d/);
  });

  it('[BOUNDED] has no message that the API server would refuse for its length', () => {
    const said = update(0, 'False');
    const conditions = said.conditions.map((condition) => ({ ...condition, message: 'x'.repeat(40_000) }));
    const status = desiredStatus({}, { ...said, conditions }, author, now);
    const messages = [...conditionsOf(status), ...controllersOf(status).flatMap((one) => conditionsOf({ ...one }))];
    assert.deepEqual(
      messages.map(({ message }) => message.length <= 32_768),
      [true, true, true],
    );
  });

  it('says programmed in the entry of a controller alone, and only of what is accepted', () => {
    for (const accepted of ['True', 'False'] as const) {
      const status = desiredStatus({}, update(1, accepted), author, now);
      const programmed = controllersOf(status)[0]?.conditions.find(({ type }) => type === 'Programmed');
      assert.equal(programmed?.status, accepted);
      assert.doesNotMatch(JSON.stringify(status?.conditions), /Programmed/);
    }
  });

  it('keeps conditions of types that are not ours', () => {
    const foreign = { type: 'Audited', status: 'True', reason: 'Audited', message: '', lastTransitionTime: 'T' };
    const status = desiredStatus({ status: { conditions: [foreign] } }, update(0), author, now);
    const types = conditionsOf(status).map(({ type }) => type);
    assert.deepEqual(types, ['Accepted', 'Audited']);
  });

  it('is accepted where another controller says so, of this generation and not of one before', () => {
    const acceptedOf = (observedGeneration: number) => {
      const conditions = [
        { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Theirs.', observedGeneration },
      ];
      const other = { name: 'entragate.dev/internal', attachedRoutes: 0, routes: [], conditions };
      const status = desiredStatus({ status: { controllers: [other] } }, update(0, 'False'), author, now);
      const [accepted] = conditionsOf(status);
      return [accepted?.status, accepted?.message];
    };
    assert.deepEqual(acceptedOf(3), ['True', 'Theirs.']);
    assert.deepEqual(acceptedOf(2), ['False', '']);
  });
});

describe('the status that an Ingress ought to have', () => {
  const [ours, theirs] = [{ ip: '203.0.113.7' }, { hostname: 'lb.example.net' }];
  const showing = (...ingress: readonly object[]) => ({ status: { loadBalancer: { ingress } } });
  const ingress = (address: boolean): StatusUpdate => ({
    ...update(0),
    ref: { kind: 'Ingress', namespace: 'apps', name: 'ledger' },
    ...{ conditions: [], address },
  });

  it('shows our addresses in place of others, where it gets them', () => {
    const writer = { ...author, addresses: [ours] };
    assert.deepEqual(desiredStatus(showing(theirs), ingress(true), writer, now), showing(ours).status);
    assert.equal(desiredStatus(showing(ours), ingress(true), writer, now), null);
  });

  it('loses ours and no other, where it does not', () => {
    const writer = { ...author, addresses: [ours] };
    assert.deepEqual(desiredStatus(showing(ours, theirs), ingress(false), writer, now), showing(theirs).status);
    assert.deepEqual(desiredStatus(showing(ours), ingress(false), writer, now), { loadBalancer: {} });
    assert.equal(desiredStatus(showing(theirs), ingress(false), writer, now), null);
    assert.deepEqual(statusWithoutAddress(showing(theirs, ours), writer), showing(theirs).status);
  });

  it('stays as it is while no address is known: one of the controller before is better than none', () => {
    assert.equal(desiredStatus(showing(theirs), ingress(true), author, now), null);
    assert.equal(desiredStatus(showing(theirs), ingress(false), author, now), null);
  });
});
