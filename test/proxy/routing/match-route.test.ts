import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { linkHost } from '../../../src/proxy/routing/linked-host.ts';
import { matchRoute } from '../../../src/proxy/routing/match-route.ts';
import type { Route } from '../../../src/snapshot/snapshot.ts';
import { hostOf } from './host-sample.ts';

const hostWith = (...routes: readonly string[]) => hostOf({ kind: 'exact', name: 'app.example.com' }, ...routes);

function match(path: string, ...routes: readonly string[]): string | null {
  const found = matchRoute(linkHost(hostWith(...routes)), path);
  return found === null || found === 'ambiguous' ? found : found.id;
}

/** In the order of a snapshot: longest first, Exact before Prefix. */
const routes = ['=/foo/bar/', '=/foo/bar', '/foo/bar', '=/foo', '/foo', '=/'];

/** Examples of the Kubernetes page on Ingress path types among them. */
const cases: readonly (readonly [path: string, routes: readonly string[], expected: string | null])[] = [
  ['/', routes, '=/'],
  ['/foo', routes, '=/foo'],
  ['/foo/', routes, '/foo'],
  ['/foobar', routes, null],
  ['/foo/bar', routes, '=/foo/bar'],
  ['/foo/bar/', routes, '=/foo/bar/'],
  ['/foo/bar/baz', routes, '/foo/bar'],
  ['/foo/barbaz', routes, '/foo'],
  ['/Foo', routes, null],
  ['/any', ['/'], '/'],
  ['/foo/', ['=/foo'], null],
  ['/foo', ['=/foo/'], null],
  ['/foo', ['/foo/'], '/foo/'],
  ['/foo/', ['/foo/'], '/foo/'],
  ['/aaa/bb', ['/aaa/bbb'], null],
  ['/aaa/bbb/ccc', ['/aaa/bbb', '/aaa', '/'], '/aaa/bbb'],
  ['/ccc', ['/aaa', '/'], '/'],
  ['*', ['/', '=/'], null],
  ['/constructor', ['=/a'], null],
  ['/__proto__', ['/a'], null],
  ['/x', [], null],
];

describe('Routing by path', () => {
  for (const [path, given, expected] of cases) {
    it(`takes ${path} to ${expected ?? 'nothing'} with ${given.join(' ') || 'no routes'}`, () => {
      assert.equal(match(path, ...given), expected);
    });
  }

  it('knows an Ingress path in any spelling that a request would be read from', () => {
    assert.equal(match('/admin/x', '/%61dmin', '/'), '/%61dmin');
    assert.equal(match('/caf%C3%A9', '=/caf%c3%a9', '/'), '=/caf%c3%a9');
  });

  it('[ONE-READING] calls a path ambiguous when its two spellings are two routes', () => {
    assert.equal(match('/%40admin', '/@admin', '/'), 'ambiguous');
    assert.equal(match('/a/%3Ab/c', '/a/:b', '/'), 'ambiguous');
    assert.equal(match('/%40admin', '=/%40admin', '/'), 'ambiguous');
    assert.equal(match('/@admin', '=/%40admin', '/'), '=/%40admin');
    assert.equal(match('/%40other', '/@admin', '/'), '/');
    assert.equal(match('/@admin/x', '/@admin', '/'), '/@admin');
    assert.equal(match('/users/a%40b', '/'), '/');
  });

  it('equals the first route of the list that matches, element by element', () => {
    const element = fc.constantFrom('a', 'b', 'ab', '@', '%40', '__proto__');
    const pathOf = fc.tuple(fc.array(element, { maxLength: 4 }), fc.boolean()).map(([elements, hasSlash]) => {
      const path = `/${elements.join('/')}`;
      return hasSlash && path !== '/' ? `${path}/` : path;
    });
    const route = fc.tuple(pathOf, fc.boolean()).map(([path, isExact]) => (isExact ? `=${path}` : path));
    fc.assert(
      fc.property(fc.array(route, { maxLength: 12 }), pathOf, (given, path) => {
        const host = hostWith(...given);
        const [one, other] = [naive(host.routes, path), naive(host.routes, path.replaceAll('%40', '@'))];
        const found = matchRoute(linkHost(host), path);
        assert.equal(found, one === other ? one : 'ambiguous');
      }),
      { numRuns: 3_000 },
    );
  });

  it('bounds the work by the longest configured path, not by the request', () => {
    const linked = linkHost(hostWith(...Array.from({ length: 500 }, (_, index) => `/app/${index}`), '/'));
    const long = '/a'.repeat(32_000);
    const start = process.cpuUsage();
    for (let round = 0; round < 1_000; round++) matchRoute(linked, long);
    const { user } = process.cpuUsage(start);
    assert(user / 1_000 < 500, `${user / 1_000} ms for 1,000 look-ups`);
    const found = matchRoute(linked, '/app/499/x');
    assert(found !== null && found !== 'ambiguous' && found.id === '/app/499');
  });
});

it('A host may have more paths than a call takes arguments: from then on no change reached the data plane', () => {
  const [first] = hostWith('/').routes;
  assert.ok(first !== undefined);
  const routes = Array.from({ length: 200_000 }, (_, index): Route => {
    return { ...first, path: { type: 'Prefix', value: `/${index}` } };
  });
  const linked = linkHost({ ...hostWith(), routes });
  assert.deepEqual([linked.longestPrefix, matchRoute(linked, '/199999/x')], ['/199999'.length, routes.at(-1)]);
});

function naive(given: readonly Route[], path: string): Route | null {
  const elements = (text: string) => text.split('/').filter((element) => element !== '');
  return (
    given.find(({ path: { type, value } }) => {
      const configured = value.replaceAll('%40', '@');
      if (type === 'Exact') return path === configured;
      return elements(configured).every((element, index) => elements(path)[index] === element);
    }) ?? null
  );
}
