import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ownPath } from '../../../src/proxy/reading/own-path.ts';
import { accepted } from './request-sample.ts';

const load = ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
const html = ['Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8'];
const form = ['Content-Type', 'application/x-www-form-urlencoded'];

const cases: readonly (readonly [name: string, method: string, headers: readonly string[], is: boolean])[] = [
  ['a page load with Fetch metadata', 'GET', load, true],
  ['a page load by HEAD', 'HEAD', load, true],
  ['a page load that a service worker passes on', 'GET', [...load.slice(0, 5), 'empty'], true],
  ['a page load in a frame', 'GET', [...load.slice(0, 5), 'iframe'], false],
  ['a prefetch', 'GET', [...load, 'Sec-Purpose', 'prefetch'], false],
  [
    'a prefetch that a service worker passes on',
    'GET',
    [...load.slice(0, 5), 'empty', 'Sec-Purpose', 'prefetch'],
    false,
  ],
  ['a prerender', 'GET', [...load, 'Sec-Purpose', 'prefetch;prerender'], false],
  ['a fetch that accepts HTML', 'GET', ['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty', ...html], false],
  ['Fetch metadata without a mode', 'GET', ['Sec-Fetch-Site', 'none', ...html], false],
  ['a page load by POST', 'POST', load, false],
  ['an older browser', 'GET', html, true],
  ['HTML in other case and place', 'GET', ['Accept', 'application/json, TEXT/HTML ; level=1'], true],
  ['HTML with a weight of 0', 'GET', ['Accept', 'text/html;q=0.0, */*'], false],
  ['anything', 'GET', ['Accept', '*/*'], false],
  ['a type that only begins like HTML', 'GET', ['Accept', 'text/html-sandboxed'], false],
  ['no Accept', 'GET', [], false],
  ['HTML with an Origin', 'GET', [...html, 'Origin', 'https://app.example.com'], false],
  ['HTML by script', 'GET', [...html, 'X-Requested-With', 'XMLHttpRequest'], false],
  ['HTML by PUT', 'PUT', html, false],
];

describe('A navigation', () => {
  for (const [name, method, headers, is] of cases) {
    it(`is ${is ? '' : 'not '}${name}`, () => assert.equal(accepted({ method, headers }).isNavigation, is));
  }

  it('is told apart from a form post, which can not be repeated', () => {
    const isFormPost = (...headers: string[]) => accepted({ method: 'POST', headers }).isFormPost;
    assert.equal(isFormPost(...load), true);
    assert.equal(isFormPost(...load.slice(0, 5), 'empty'), true);
    assert.equal(isFormPost(...load.slice(0, 5), 'iframe'), false);
    assert.equal(isFormPost(...html, ...form), true);
    assert.equal(isFormPost(...html, 'Content-Type', 'multipart/form-data; boundary=x'), true);
    assert.equal(isFormPost(...html, 'Content-Type', 'application/json'), false);
    assert.equal(isFormPost(...html, ...form, 'X-Requested-With', 'XMLHttpRequest'), false);
    assert.equal(isFormPost('Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty', ...html, ...form), false);
    assert.equal(accepted({ headers: load }).isFormPost, false);
  });

  it('is told apart from preflights and gRPC', () => {
    const preflight = ['Origin', 'https://a.example', 'Access-Control-Request-Method', 'PUT'];
    assert.equal(accepted({ method: 'OPTIONS', headers: preflight }).isPreflight, true);
    assert.equal(accepted({ method: 'OPTIONS', headers: preflight.slice(2) }).isPreflight, false);
    assert.equal(accepted({ headers: preflight }).isPreflight, false);
    assert.equal(accepted({ method: 'POST', headers: ['Content-Type', 'application/grpc-web+proto'] }).isGrpc, true);
  });

  it('keeps one Origin, and makes several equal none', () => {
    assert.equal(accepted({}).origin, null);
    assert.equal(accepted({ headers: ['Origin', 'https://a.example'] }).origin, 'https://a.example');
    assert.equal(
      accepted({ headers: ['Origin', 'https://a.example', 'Origin', 'https://a.example'] }).origin,
      'https://a.example, https://a.example',
    );
  });
});

describe('A path of ours', () => {
  const paths: readonly (readonly [string, ReturnType<typeof ownPath>])[] = [
    ['/.entragate/', 'own'],
    ['/.entragate/callback', 'own'],
    ['/.entragate', 'misspelt'],
    ['/.Entragate/callback', 'misspelt'],
    ['/.ENTRAGATE', 'misspelt'],
    ['/.entragate-x', 'none'],
    ['/.entragatex/', 'none'],
    ['/entragate/', 'none'],
    ['/x/.entragate/', 'none'],
    ['/.well-known/x', 'none'],
    ['/', 'none'],
    ['*', 'none'],
  ];
  for (const [path, expected] of paths) {
    it(`is ${expected} for ${path}`, () => assert.equal(ownPath(path), expected));
  }
});
