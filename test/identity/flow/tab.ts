import { request as httpsRequest } from 'node:https';
import type { IdentityPage, OwnRequest, OwnResponse } from '../../../src/identity/own-endpoint.ts';
import type { SessionState } from '../../../src/identity/session.ts';
import { AUTH, type Gateway, PORT } from './gateway.ts';

/** Where a browser's tab comes to rest. */
export type Landing =
  | { readonly kind: 'app'; readonly url: string; readonly state: OpenState }
  | {
      readonly kind: 'page';
      readonly url: string;
      readonly status: number;
      readonly page: IdentityPage;
      readonly answer: OwnResponse;
    }
  | {
      readonly kind: 'json';
      readonly url: string;
      readonly status: number;
      readonly body: string;
      readonly answer: OwnResponse;
    }
  /** A page of Entra's: its sign-in page among them. */
  | { readonly kind: 'entra'; readonly url: string; readonly status: number; readonly text: string }
  | { readonly kind: 'redirect'; readonly url: string; readonly location: string; readonly cookies: readonly string[] };

type OpenState = Extract<SessionState, { readonly kind: 'open' }>;

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly form: string;
  readonly origin: string | null;
  readonly isNavigation: boolean;
}

const navigation: Asked = { method: 'GET', form: '', origin: null, isNavigation: true };

/** Cookies of one browser, by host; `__Host-` cookies go to their own host alone. */
export class CookieJar {
  readonly #hosts = new Map<string, Map<string, { readonly value: string; readonly until: number }>>();
  readonly #now: () => number;
  isBlocked = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  field(host: string): string {
    const live = [...this.#of(host)].filter(([, { until }]) => until > this.#now());
    return live.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  names(host: string): readonly string[] {
    return [...this.#of(host).keys()];
  }

  store(host: string, lines: readonly string[]): void {
    if (this.isBlocked) return;
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const maxAge = /^Max-Age=(\d+)$/.exec(
        attributes.find((attribute) => attribute.startsWith('Max-Age=')) ?? '',
      )?.[1];
      if (maxAge === '0') this.#of(host).delete(name);
      else {
        const until = maxAge === undefined ? Number.POSITIVE_INFINITY : this.#now() + Number(maxAge) * 1000;
        this.#of(host).set(name, { value, until });
      }
    }
  }

  delete(host: string, isGone: (name: string) => boolean): void {
    for (const name of [...this.#of(host).keys()].filter(isGone)) this.#of(host).delete(name);
  }

  #of(host: string) {
    const known = this.#hosts.get(host) ?? new Map<string, { readonly value: string; readonly until: number }>();
    this.#hosts.set(host, known);
    return known;
  }
}

/** A browser: tabs share its cookies. Hosts of the gateway are answered by identity, Entra's by the emulator over TLS. */
export class Browser {
  readonly jar: CookieJar;
  readonly gateway: Gateway;
  /** Answers of identity, oldest first. */
  readonly answers: OwnResponse[] = [];

  constructor(gateway: Gateway) {
    this.gateway = gateway;
    this.jar = new CookieJar(() => gateway.clock.now);
  }

  /** Opens a URL and follows redirects to where they end. */
  async open(url: string): Promise<Landing> {
    return this.follow(await this.step(url));
  }

  async follow(landing: Landing): Promise<Landing> {
    let current = landing;
    for (let hops = 0; current.kind === 'redirect'; hops++) {
      if (hops > 40) throw new Error(`More than 40 redirects: ${current.location.slice(0, 200)}`);
      current = await this.step(new URL(current.location, current.url).href);
    }
    return current;
  }

  /** Opens a URL and follows redirects until one leads to a URL that `isThere` accepts; that one is not followed. */
  async openUntil(url: string, isThere: (location: string) => boolean): Promise<string> {
    let current = await this.step(url);
    for (let hops = 0; current.kind === 'redirect' && hops <= 40; hops++) {
      if (isThere(current.location)) return current.location;
      current = await this.step(current.location);
    }
    throw new Error(`Never redirected there, but ended at ${JSON.stringify(current).slice(0, 500)}`);
  }

  /** One request, no redirect followed. */
  async step(url: string, asked: Partial<Asked> = {}): Promise<Landing> {
    const { hostname, host, pathname, search } = new URL(url);
    if (host === new URL(this.gateway.emulator.origin).host) return this.#askEntra(url, asked.form ?? null);
    if (host !== `${hostname}:${PORT}`) throw new Error(`Left the gateway: ${url}`);
    const request: OwnRequest = {
      ...navigation,
      ...asked,
      host: hostname,
      path: pathname,
      query: search.slice(1),
      cookies: this.jar.field(hostname),
      now: this.gateway.clock.now,
      requestId: 'r-1',
    };
    const isOwn = pathname.startsWith('/.entragate/') || hostname === this.gateway.installation.authHost;
    return isOwn ? this.#land(url, await this.gateway.identity.answer(request)) : this.#askApp(url, request);
  }

  /** Opens a URL and signs in on Entra's page. */
  async signIn(url: string, username: string): Promise<Landing> {
    return this.pick(await this.open(url), username);
  }

  /** Presses the user's button on Entra's sign-in page. */
  async pick(landing: Landing, username: string): Promise<Landing> {
    return this.follow(await this.pickOnly(landing, username));
  }

  async pickOnly(landing: Landing, username: string): Promise<Landing> {
    if (landing.kind !== 'entra') throw new Error(`Not at Entra: ${JSON.stringify(landing).slice(0, 800)}`);
    const action = /<form method="post" action="([^"]+)">/.exec(landing.text)?.[1];
    if (action === undefined) throw new Error(`No sign-in form in ${landing.text}`);
    return this.#askEntra(new URL(action, landing.url).href, new URLSearchParams({ username }).toString());
  }

  /** The app as the proxy would serve it: a session, or the way to one. */
  async #askApp(url: string, { host, path, query, cookies, now, requestId }: OwnRequest): Promise<Landing> {
    const { identity, challenge } = this.gateway;
    const state = identity.read(cookies, host, now);
    if (state.kind === 'open' && !state.recheckDue && challenge === null) return { kind: 'app', url, state };
    const provider =
      state.kind === 'none'
        ? this.gateway.installation.defaultProvider
        : state.kind === 'open'
          ? state.session.provider
          : state.provider;
    const wanted = challenge ?? { maxAgeSeconds: null, authContext: null, freshFacts: false };
    const target = query === '' ? path : `${path}?${query}`;
    return this.#land(url, await identity.startSignIn({ host, target, provider, cookies, wanted, now, requestId }));
  }

  #land(url: string, answer: OwnResponse): Landing {
    this.answers.push(answer);
    this.jar.store(new URL(url).hostname, answer.cookies);
    switch (answer.kind) {
      case 'redirect':
        return { kind: 'redirect', url, location: answer.location, cookies: answer.cookies };
      case 'page':
        return { kind: 'page', url, status: answer.status, page: answer.page, answer };
      case 'json':
        return { kind: 'json', url, status: answer.status, body: answer.body, answer };
      default:
        return answer satisfies never;
    }
  }

  #askEntra(url: string, form: string | null): Promise<Landing> {
    const { hostname } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<Landing>();
    const outgoing = httpsRequest(url, {
      ca: this.gateway.caPem,
      agent: false,
      lookup: (_host, options, callback) =>
        options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
      method: form === null ? 'GET' : 'POST',
      headers: {
        cookie: this.jar.field(hostname),
        ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    });
    outgoing.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        this.jar.store(hostname, response.headers['set-cookie'] ?? []);
        const { location } = response.headers;
        const text = Buffer.concat(chunks).toString('utf8');
        if (location !== undefined) resolve({ kind: 'redirect', url, location, cookies: [] });
        else resolve({ kind: 'entra', url, status: response.statusCode ?? 0, text });
      });
    });
    outgoing.end(form ?? undefined);
    return promise;
  }
}

export const at = (host: string, path: string) => `https://${host}:${PORT}${path}`;
export const isCallback = (location: string) => location.startsWith(at(AUTH, '/oauth2/callback'));

/** The app that a tab ended at; anything else fails the test with what it was. */
export function appOf(landing: Landing): Extract<Landing, { readonly kind: 'app' }> {
  if (landing.kind !== 'app') throw new Error(`Not at the app: ${JSON.stringify(landing).slice(0, 1500)}`);
  return landing;
}

/** The page of ours that a tab ended at, of the kind expected; anything else fails the test with what it was. */
export function pageOf<Kind extends IdentityPage['kind']>(
  landing: Landing,
  kind: Kind,
): { readonly status: number; readonly page: Extract<IdentityPage, { readonly kind: Kind }> } {
  if (landing.kind !== 'page' || !isKind(landing.page, kind)) {
    throw new Error(`No page ${kind}: ${JSON.stringify(landing).slice(0, 1500)}`);
  }
  return { status: landing.status, page: landing.page };
}

function isKind<Kind extends IdentityPage['kind']>(
  page: IdentityPage,
  kind: Kind,
): page is Extract<IdentityPage, { readonly kind: Kind }> {
  return page.kind === kind;
}
