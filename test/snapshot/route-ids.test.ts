import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hasFewerRoutes, routeIdsOf } from '../../src/snapshot/route-ids.ts';
import { applyDelta, diff, EMPTY_SNAPSHOT } from '../../src/snapshot/snapshot-delta.ts';
import { sampleProvider } from '../identity/sample-session.ts';
import { buildSnapshot } from '../support/snapshot-builder.ts';

const snapshotOf = (hosts: Readonly<Record<string, readonly string[]>>, tokens: readonly string[] = []) =>
  buildSnapshot({
    hosts: Object.entries(hosts).map(([name, paths]) => ({
      name,
      routes: paths.map((path) => ({ path, access: 'public', service: null })),
    })),
    providers: [sampleProvider],
    services: { solver: [] },
    challenges: tokens.map((token) => ({
      host: 'a.example.com',
      path: `/.well-known/acme-challenge/${token}`,
      service: 'solver',
    })),
  }).snapshot;

describe('Routes of a snapshot', () => {
  const before = snapshotOf({ 'a.example.com': ['/', '/x'], 'b.example.com': ['/'] }, ['one']);
  const then = (after: ReturnType<typeof snapshotOf>) =>
    hasFewerRoutes(before, applyDelta(before, diff(before, after)));

  it('have ids, those of challenges among them', () => {
    assert.equal(routeIdsOf(before).size, 4);
    assert.equal(routeIdsOf(EMPTY_SNAPSHOT).size, 0);
  });

  it('are fewer where a path, a host or a challenge has gone, and not where some came', () => {
    assert.equal(then(before), false);
    assert.equal(then(snapshotOf({ 'a.example.com': ['/', '/x', '/y'], 'b.example.com': ['/'] }, ['one'])), false);
    assert.equal(then(snapshotOf({ 'a.example.com': ['/'], 'b.example.com': ['/', '/x'] }, ['one'])), true);
    assert.equal(then(snapshotOf({ 'a.example.com': ['/', '/x'] }, ['one'])), true);
    assert.equal(then(snapshotOf({ 'a.example.com': ['/', '/x'], 'b.example.com': ['/'] }, ['two'])), true);
    assert.equal(hasFewerRoutes(EMPTY_SNAPSHOT, before), false);
    assert.equal(hasFewerRoutes(before, EMPTY_SNAPSHOT), true);
  });
});
