import assert from 'node:assert/strict';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import type { WebAnswer, WebClient, WebRequest } from '../support/web-client.ts';
import { startWorld, type World, type WorldOptions } from '../support/world.ts';

/** The whole product, sign-in included, in front of one app that records every byte. */
export interface Gate {
  readonly world: World;
  readonly upstream: RecordingUpstream;
  /** URL on the host for Finance. */
  ledger(path?: string): string;
  /** URL on the host for all employees. */
  wiki(path?: string): string;
  /** URL on the host that signs in for all others. */
  auth(path?: string): string;
  /** A client that is signed in as `username` at `url`; fails where the app did not answer. */
  signedIn(username: string, url?: string): Promise<WebClient>;
  /** Runs `action`, and fails unless not one byte reached the app meanwhile; a control request proves that bytes are recorded. */
  reachesNothing<T>(action: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const { adele, alex, megan, gary } = CONTOSO.users;
export const HTML = { accept: 'text/html' } as const;
export const NOT_HTML = { accept: 'application/json' } as const;

/** Ledger (Finance) and wiki (Employees), beside what `options` adds; every app is the same recording upstream. */
export async function openGate(options: Partial<WorldOptions> = {}): Promise<Gate> {
  const upstream = await startRecordingUpstream();
  const { port } = upstream;
  const apps = [
    { name: 'ledger', host: 'ledger.localhost', annotations: { 'entragate.dev/policies': 'finance' } },
    { name: 'wiki', host: 'wiki.localhost', annotations: { 'entragate.dev/policies': 'cluster/employees' } },
    ...(options.apps ?? []),
  ];
  const world = await startWorld({ ...options, apps: apps.map((app) => ({ port, ...app })) });
  const ledger = (path = '/') => world.url('ledger.localhost', path);
  const signedIn = async (username: string, url = ledger()) => {
    const client = world.client();
    const answer = await client.signIn(url, username);
    assert.equal(answer.status, 200, answer.body);
    return client;
  };
  const control = await signedIn(adele.username);
  return {
    world,
    upstream,
    ledger,
    wiki: (path = '/') => world.url('wiki.localhost', path),
    auth: (path = '/') => world.url('auth.localhost', path),
    signedIn,
    reachesNothing: async (action) => {
      const before = upstream.bytes().length;
      const result = await action();
      const last = upstream.requests.at(-1)?.startLine ?? 'no whole request';
      assert.equal(upstream.bytes().length, before, `bytes reached the app: ${last}`);
      const answer = await control.request(ledger('/control'));
      assert.equal(answer.status, 200, answer.body);
      assert.equal(upstream.requests.at(-1)?.startLine, 'GET /control HTTP/1.1');
      return result;
    },
    close: async () => {
      await world.close();
      await upstream.close();
    },
  };
}

/** Follows redirects from `url` up to the first whose target `isThere` accepts, and returns that target unopened. */
export async function openUntil(
  client: WebClient,
  url: string,
  isThere: (location: string) => boolean,
  request: WebRequest = {},
): Promise<string> {
  let answer: WebAnswer = await client.request(url, { ...request, headers: { ...HTML, ...request.headers } });
  for (let hop = 0; hop < 20; hop += 1) {
    const location = new URL(answer.headers.location ?? '', answer.url).href;
    assert.ok(answer.status >= 300 && answer.status < 400, `${answer.status} of ${answer.url}: ${answer.body}`);
    if (isThere(location)) return location;
    answer = await client.request(location, { headers: HTML });
  }
  throw new Error(`never redirected there, but to ${answer.url}`);
}

export const isStart = (url: string) => new URL(url).pathname === '/oauth2/start';
export const isCallback = (url: string) => new URL(url).pathname.startsWith('/oauth2/callback');
export const isTicket = (url: string) => new URL(url).pathname === '/.entragate/callback';

/** A POST of the form that confirms a sign-out. */
export function signOutForm(origin: string | null, body = ''): WebRequest {
  return {
    method: 'POST',
    headers: {
      ...HTML,
      'content-type': 'application/x-www-form-urlencoded',
      ...(origin === null ? {} : { origin }),
    },
    body,
  };
}

/** The names of cookies that hold a session, of all that `client` has for `host`. */
export function sessionCookiesOf(client: WebClient, host: string): readonly string[] {
  return client.cookieNames(host).filter((name) => /^__Host-entragate(-auth)?(\.\d)?$/.test(name));
}
