import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { buildRoutingTable } from '../../../src/proxy/routing/routing-table.ts';
import type { HostPattern } from '../../../src/snapshot/snapshot.ts';
import { hostOf, hostsOf } from './host-sample.ts';

const exact = (name: string): HostPattern => ({ kind: 'exact', name });
const wildcard = (name: string): HostPattern => ({ kind: 'wildcard', name });

const cases: readonly (readonly [name: string, expected: HostPattern | null])[] = [
  ['app.example.com', exact('app.example.com')],
  ['other.example.com', wildcard('example.com')],
  ['a.b.example.com', null],
  ['example.com', null],
  ['deep.app.example.com', wildcard('app.example.com')],
  ['example.org', null],
  ['', null],
  ['__proto__', null],
  ['constructor', null],
  ['hasOwnProperty.example.com', wildcard('example.com')],
  ['__proto__.example.com', wildcard('example.com')],
];

describe('Routing by host', () => {
  const table = buildRoutingTable(
    hostsOf(
      hostOf(wildcard('example.com'), '/'),
      hostOf(exact('app.example.com'), '/'),
      hostOf(wildcard('app.example.com'), '/'),
    ),
  );

  for (const [name, expected] of cases) {
    it(`gives ${expected === null ? 'no host' : JSON.stringify(expected)} for ${JSON.stringify(name)}`, () => {
      assert.deepEqual(table.host(name)?.host.pattern ?? null, expected);
    });
  }

  it('[INERT] finds no host by a name that every object has', () => {
    const empty = buildRoutingTable(hostsOf());
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf']) assert.equal(empty.host(name), null);
  });

  it('gives the rest to a rule without host', () => {
    const withAny = buildRoutingTable(hostsOf(hostOf({ kind: 'any' }, '/'), hostOf(wildcard('example.com'), '/')));
    assert.equal(withAny.host('10.0.0.1')?.host.pattern.kind, 'any');
    assert.equal(withAny.host('a.example.com')?.host.pattern.kind, 'wildcard');
  });
});
