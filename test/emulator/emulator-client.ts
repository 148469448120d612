import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { decodeJwt, type JWTPayload } from 'jose';
import { CONTOSO, contoso } from '../../src/emulator/directory/contoso.ts';
import type { EmulatorApp, EmulatorTenant } from '../../src/emulator/directory/tenant.ts';
import { type Emulator, startEmulator } from '../../src/emulator/start-emulator.ts';
import { createTestAuthority } from '../support/test-authority.ts';

export const REDIRECT_URI = 'https://auth.example.test/oauth2/callback';
export const CLIENT_SECRET = 'the~secret+of/this=test';

/** A clock that tests move. */
interface TestClock {
  now: number;
}

export interface Running {
  readonly emulator: Emulator;
  readonly caPem: string;
  readonly clock: TestClock;
  readonly log: readonly object[];
}

export async function startContoso(
  app: Partial<EmulatorApp> = {},
  more: { readonly apps?: readonly EmulatorApp[]; readonly tenants?: readonly EmulatorTenant[] } = {},
): Promise<Running> {
  const authority = await createTestAuthority();
  const tenant = contoso({ redirectUris: [REDIRECT_URI], clientSecret: CLIENT_SECRET, app });
  const clock: TestClock = { now: Date.now() };
  const log: object[] = [];
  const emulator = await startEmulator({
    tenants: [{ ...tenant, apps: [...tenant.apps, ...(more.apps ?? [])] }, ...(more.tenants ?? [])],
    port: 0,
    tls: await authority.issue(['127.0.0.1']),
    now: () => clock.now,
    log: (line) => log.push(line),
  });
  return { emulator, caPem: authority.caPem, clock, log };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
}

function bodyOf(ask: Ask): { readonly body: string; readonly type: string } | null {
  if (ask.form !== undefined) {
    return { body: new URLSearchParams(ask.form).toString(), type: 'application/x-www-form-urlencoded' };
  }
  if (ask.json !== undefined) return { body: JSON.stringify(ask.json), type: 'application/json' };
  return ask.body === undefined ? null : { body: ask.body, type: 'application/x-www-form-urlencoded' };
}

/** One request over real TLS; redirects are not followed. */
export function ask(caPem: string, url: string, options: Ask = {}): Promise<Answer> {
  const content = bodyOf(options);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request(url, {
    ca: caPem,
    agent: false,
    method: options.method ?? (content === null ? 'GET' : 'POST'),
    headers: { ...(content === null ? {} : { 'content-type': content.type }), ...options.headers },
  });
  outgoing.on('error', reject).on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, [value ?? []].flat().join('\n')]),
      );
      resolve({ status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString('utf8') });
    });
  });
  outgoing.end(content?.body);
  return promise;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object of an answer. */
export function jsonOf({ text }: Pick<Answer, 'text'>): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error(`Not a JSON object: ${text}`);
  return value;
}

export function textMember(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`Member '${name}' is not a string in ${JSON.stringify(object)}`);
  return value;
}

/** A browser without a screen: keeps cookies, does not follow redirects. */
export interface Browser {
  open(url: string, options?: Ask): Promise<Answer>;
  /** Presses the user's button on a sign-in page. */
  pick(page: Answer, pageUrl: string, username: string): Promise<Answer>;
  /** Posts the only form of a page with these fields. */
  submit(page: Answer, pageUrl: string, fields: Readonly<Record<string, string>>): Promise<Answer>;
}

export function createBrowser(caPem: string): Browser {
  const cookies = new Map<string, string>();
  const open = async (url: string, options: Ask = {}): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...options.headers, ...(cookie === '' ? {} : { cookie }) };
    const answer = await ask(caPem, url, { ...options, headers });
    for (const line of (answer.headers['set-cookie'] ?? '').split('\n').filter(Boolean)) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const submit = (page: Answer, pageUrl: string, fields: Readonly<Record<string, string>>) => {
    const action = /<form method="post" action="([^"]+)">/.exec(page.text)?.[1];
    if (action === undefined) throw new Error(`No form in ${page.status} ${page.text}`);
    return open(new URL(action, pageUrl).href, { form: fields });
  };
  return { open, submit, pick: (page, pageUrl, username) => submit(page, pageUrl, { username }) };
}

export interface AuthorizeParameters {
  readonly tenant?: string;
  readonly [name: string]: string | undefined;
}

/** The address of an authorization request with the defaults of the sample app; `undefined` leaves a parameter out. */
export function authorizeUrl(emulator: Emulator, parameters: AuthorizeParameters = {}): string {
  const { tenant = CONTOSO.tid, ...others } = parameters;
  const url = new URL(`${emulator.origin}/${tenant}/oauth2/v2.0/authorize`);
  const all = {
    client_id: CONTOSO.clientId,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile',
    state: 'state-1',
    nonce: 'nonce-1',
    ...others,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** Parameters of the redirect to the app. */
export function answered(answer: Answer): URLSearchParams {
  const { location } = answer.headers;
  if (answer.status !== 302 || location === undefined) throw new Error(`No redirect: ${answer.status} ${answer.text}`);
  const url = new URL(location);
  return url.hash === '' ? url.searchParams : new URLSearchParams(url.hash.slice(1));
}

/** Signs the user in with a browser and answers the parameters the app receives. */
export async function signInAs(
  { emulator }: Running,
  browser: Browser,
  username: string,
  parameters: AuthorizeParameters = {},
): Promise<URLSearchParams> {
  const url = authorizeUrl(emulator, parameters);
  return answered(await browser.pick(await browser.open(url), url, username));
}

/** Asks the token endpoint with the sample app's secret in the form. */
export function askToken(
  { emulator, caPem }: Running,
  form: Readonly<Record<string, string>>,
  options: { readonly tenant?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  return ask(caPem, `${emulator.origin}/${options.tenant ?? CONTOSO.tid}/oauth2/v2.0/token`, {
    form: { client_id: CONTOSO.clientId, client_secret: CLIENT_SECRET, ...form },
    ...(options.headers === undefined ? {} : { headers: options.headers }),
  });
}

export const codeForm = (code: string, more: Readonly<Record<string, string>> = {}) => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: REDIRECT_URI,
  ...more,
});

/** The whole journey of one user: the token answer. */
export async function tokensOf(
  running: Running,
  username: string,
  parameters: AuthorizeParameters = {},
): Promise<Readonly<Record<string, unknown>>> {
  const received = await signInAs(running, createBrowser(running.caPem), username, parameters);
  const answer = await askToken(running, codeForm(received.get('code') ?? ''));
  if (answer.status !== 200) throw new Error(`Token endpoint: ${answer.status} ${answer.text}`);
  return jsonOf(answer);
}

export async function idTokenOf(
  running: Running,
  username: string,
  parameters: AuthorizeParameters = {},
): Promise<JWTPayload> {
  return decodeJwt(textMember(await tokensOf(running, username, parameters), 'id_token'));
}

/** A PKCE pair (RFC 7636). */
export function createPkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}
