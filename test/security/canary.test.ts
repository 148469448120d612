import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type DevProcess, startDevProcess } from '../support/dev-process.ts';
import { type HttpTap, tapHttp } from '../support/http-tap.ts';
import { openRawClient } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type WebAnswer, WebClient, type WebRequest } from '../support/web-client.ts';
import { adele, alex, gary, HTML, isTicket, megan, NOT_HTML, openUntil, signOutForm } from './gate.ts';

/** Words that a client puts where they are nobody's business. */
const CANARY = {
  query: 'canary-in-a-query-7Qm2',
  bearer: 'canary-in-authorization-5Xp1',
  cookie: 'canary-in-a-cookie-9Ld4',
  form: 'canary-in-a-form-3Wz8',
  header: 'canary-in-a-header-6Hs0',
} as const;

/** What clients were sent, but for what has to carry a secret: the target of a redirect, and `Set-Cookie`. */
interface Seen {
  readonly what: string;
  readonly text: string;
}

/** Keeps every answer of the product, and every secret that it saw pass by. */
class WatchingClient extends WebClient {
  readonly #seen: Seen[];
  readonly #secrets: Map<string, string>;

  constructor(ca: string, seen: Seen[], secrets: Map<string, string>) {
    super(ca);
    this.#seen = seen;
    this.#secrets = secrets;
  }

  override async request(url: string, request?: WebRequest): Promise<WebAnswer> {
    const answer = await super.request(url, request);
    if (new URL(url).hostname === 'login.localhost') return answer;
    const { location = '', ...headers } = answer.headers;
    this.#seen.push({ what: `${answer.status} of ${url}`, text: `${JSON.stringify(headers)}\n${answer.body}` });
    for (const line of answer.setCookies) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (value.length > 40) this.#secrets.set(value, `cookie ${name}`);
    }
    for (const name of ['ticket', 'state', 'code', 'code_challenge', 'nonce']) {
      const value = URL.parse(location, url)?.searchParams.get(name) ?? '';
      if (value.length > 40) this.#secrets.set(value, `${name} in a redirect`);
    }
    return answer;
  }
}

describe('[NO-TOKENS] Canary: no secret in any line, page, header or metric', () => {
  let dev: DevProcess;
  let upstream: RecordingUpstream;
  let tap: HttpTap;
  let metrics = '';
  const seen: Seen[] = [];
  /** What it is, by its text. */
  const secrets = new Map<string, string>();
  const clients: WebClient[] = [];

  const ledger = (path = '/') => dev.url('ledger.localhost', path);
  const wiki = (path = '/') => dev.url('wiki.localhost', path);
  const auth = (path = '/') => dev.url('auth.localhost', path);
  const browser = () => {
    const client = new WatchingClient(dev.ca, seen, secrets);
    clients.push(client);
    return client;
  };

  before(async () => {
    upstream = await startRecordingUpstream();
    const { port } = upstream;
    dev = await startDevProcess(
      {
        apps: [
          { name: 'ledger', host: 'ledger.localhost', annotations: { 'entragate.dev/policies': 'finance' }, port },
          {
            name: 'wiki',
            host: 'wiki.localhost',
            annotations: { 'entragate.dev/policies': 'cluster/employees' },
            port,
          },
          { name: 'broken', host: 'broken.localhost', annotations: { 'entragate.dev/policy': CANARY.header }, port },
        ],
      },
      'debug',
    );
    tap = tapHttp(Number(new URL(dev.prepared.emulator.origin).port));
    await signInAndOut();
    await failToSignIn();
    await sendNonsense();
    metrics = (await dev.admin('/metrics')).text;
    process.kill(dev.pid, 'SIGTERM');
    assert.equal(await dev.ended, 0);
    collectFromEntra();
  });
  after(async () => {
    tap.close();
    for (const client of clients) client.close();
    await dev.close();
    await upstream.close();
  });

  async function signInAndOut(): Promise<void> {
    const noted = { authorization: `Bearer ${CANARY.bearer}`, 'x-note': CANARY.header };
    const client = browser();
    client.setCookie('ledger.localhost', 'theme', CANARY.cookie);
    assert.equal((await client.signIn(ledger(`/a?q=${CANARY.query}`), adele.username)).status, 200);
    await client.request(ledger(`/b?q=${CANARY.query}`), { headers: { ...NOT_HTML, ...noted } });
    for (const path of ['/.entragate/', '/.entragate/session', '/.entragate/sign-out', '/.entragate/jwks.json']) {
      await client.request(ledger(`${path}?q=${CANARY.query}`), { headers: HTML });
    }
    await client.navigate(wiki(`/?q=${CANARY.query}`));
    for (const body of [`x=${CANARY.form}`, `everywhere=1&x=${CANARY.form}`]) {
      await client.request(ledger('/.entragate/sign-out'), signOutForm('https://evil.example', body));
      await client.navigate(ledger('/.entragate/sign-out'), signOutForm(new URL(ledger()).origin, body));
      assert.equal((await client.signIn(ledger(), adele.username)).status, 200);
    }
    for (const { username } of [alex, megan, gary]) {
      const denied = await browser().signIn(ledger(`/?q=${CANARY.query}`), username);
      assert.equal(denied.status, 403);
    }
    const stranger = browser();
    await stranger.request(ledger(`/?q=${CANARY.query}`), { headers: { ...NOT_HTML, ...noted } });
    await stranger.request(ledger(`/?q=${CANARY.query}`), { ...signOutForm(null, CANARY.form) });
    await stranger.request(dev.url('broken.localhost', `/?q=${CANARY.query}`), { headers: HTML });
    await stranger.request(ledger(`/${'x'.repeat(3_000)}?q=${CANARY.query}`), { headers: HTML });
  }

  async function failToSignIn(): Promise<void> {
    const { breakage } = dev.prepared.emulator;
    const faults = [
      'unknownKey',
      'badSignature',
      'algNone',
      'algHS256',
      'wrongAudience',
      'expired',
      'nonceWrong',
      'oidMissing',
    ] as const;
    for (const fault of faults) {
      breakage[fault]();
      await browser().signIn(ledger(), adele.username);
      breakage.reset();
    }
    for (const breakIt of [
      () => breakage.tokenError(7_000_215),
      () => breakage.authorizeError(65_004),
      () => breakage.down('token'),
      () => breakage.down(),
    ]) {
      breakIt();
      await browser()
        .signIn(ledger(), adele.username)
        .catch(() => {});
      breakage.reset();
    }
    const attacker = browser();
    await attacker.signIn(wiki(), alex.username);
    const ticket = await openUntil(attacker, ledger(), isTicket);
    const again = browser();
    await again.request(ticket, { headers: HTML });
    await again.request(ticket.replace('//ledger.', '//wiki.'), { headers: HTML });
    const cookie = attacker.cookieHeader('wiki.localhost');
    await again.request(ledger(), { headers: { ...NOT_HTML, cookie } });
    await again.request(ledger(), { headers: { ...NOT_HTML, cookie: `${cookie}; ${cookie}` } });
    await again.request(auth(`/oauth2/callback?code=${CANARY.query}&state=${CANARY.query}`), { headers: HTML });
    await again.request(auth(`/oauth2/callback?error=${CANARY.query}&error_description=${CANARY.query}`), {
      headers: HTML,
    });
    await again.request(auth(`/oauth2/start?request=${CANARY.query}`), { headers: HTML });
    await again.request(ledger(`/.entragate/callback?ticket=${CANARY.query}&flow=${CANARY.query}`), { headers: HTML });
  }

  /** Bytes that no client sends, each with the canaries in it: whoever refuses them may want to say what they were. */
  async function sendNonsense(): Promise<void> {
    const fields = `Cookie: __Host-entragate=${CANARY.cookie}\r\nAuthorization: Bearer ${CANARY.bearer}\r\nX-Note: ${CANARY.header}\r\n`;
    const host = 'Host: ledger.localhost\r\n';
    const heads = [
      `GET /%zz?${CANARY.query} HTTP/1.1\r\n${host}`,
      `GET /x?${CANARY.query}#y HTTP/1.1\r\n${host}`,
      `GET https://evil.example/?${CANARY.query} HTTP/1.1\r\n${host}`,
      `GET /?${CANARY.query} HTTP/1.1\r\n${host}${host}`,
      `GET /?${CANARY.query} HTTP/1.1\r\nHost: ${CANARY.header}@x\r\n`,
      `GET /?${CANARY.query} HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n`,
      `GET /?${CANARY.query} HTTP/1.1\r\n${host}X: a\r\n ${CANARY.header}\r\n`,
      `GET /?${CANARY.query} HTTP/1.1\r\n${host}Transfer-Encoding: ${CANARY.header}\r\n`,
      `GET /?${CANARY.query} HTTP/1.1\r\n${host}X: ${CANARY.header.repeat(4_000)}\r\n`,
      `${CANARY.header} /?${CANARY.query} HTTP/9.9\r\n${host}`,
      `POST /?${CANARY.query} HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${CANARY.form}\r\n`,
    ];
    const ca = dev.ca;
    for (const [index, head] of heads.entries()) {
      for (const tls of [{ ca, servername: 'ledger.localhost' }, null]) {
        const client = await openRawClient({ port: tls === null ? dev.httpPort : dev.prepared.httpsPort, tls });
        client.write(`${head}${fields}\r\n`);
        const answer = await client.response({ deadlineMs: 1_000 }).catch(() => null);
        const text = answer?.raw.toString('latin1').replace(/^location: .*$/im, '') ?? '';
        seen.push({ what: `nonsense ${index}`, text });
        client.destroy();
      }
    }
    const socket = await openRawClient({ port: dev.prepared.httpsPort, tls: null });
    socket.write(`GET /?${CANARY.query} HTTP/1.1\r\n${host}${fields}\r\n`);
    await socket.isEnded();
    socket.destroy();
  }

  /** The secrets that only Entra and we exchange. */
  function collectFromEntra(): void {
    for (const { path, requestBody, responseBody } of tap.exchanges) {
      if (!path.endsWith('/token')) continue;
      const form = new URLSearchParams(requestBody);
      for (const name of ['code', 'code_verifier', 'client_secret']) secrets.set(form.get(name) ?? '', name);
      const tokens: unknown = responseBody === '' ? null : JSON.parse(responseBody);
      if (typeof tokens !== 'object' || tokens === null) continue;
      for (const [name, value] of Object.entries(tokens)) {
        if (/_token$/.test(name) && typeof value === 'string') secrets.set(value, name);
      }
    }
    secrets.delete('');
  }

  /** Everything that came out, by where it did. */
  const outputs = (): readonly Seen[] => [
    ...dev
      .output()
      .split('\n')
      .map((text) => ({ what: 'a line of the log', text })),
    ...seen,
    { what: 'the metrics', text: metrics },
  ];

  it('knows what to look for (the control): secrets of every kind have passed by, and everything was said about the requests', () => {
    const kinds = new Set(secrets.values());
    for (const kind of [
      'client_secret',
      'code',
      'code_verifier',
      'id_token',
      'access_token',
      'cookie __Host-entragate',
      'cookie __Host-entragate-auth',
      'ticket in a redirect',
      'state in a redirect',
      'nonce in a redirect',
    ]) {
      assert.ok(kinds.has(kind), `${kind} of ${[...kinds].join(', ')}`);
    }
    const lines = dev
      .output()
      .split('\n')
      .filter((line) => line.includes('"msg":"access"'));
    assert.ok(lines.length > 100, `${lines.length} access lines`);
    for (const word of ['session-started', 'deny', 'refused', 'id-token-signature', 'AADSTS7000215']) {
      assert.ok(dev.output().includes(word), `${word} is nowhere in the log`);
    }
    assert.ok(seen.length > 50);
    assert.match(metrics, /entragate_requests_total/);
    for (const canary of [CANARY.query, CANARY.bearer, CANARY.cookie, CANARY.header]) {
      assert.ok(upstream.bytes().includes(canary), `${canary} goes to the app, which is its business`);
    }
  });

  it('writes none of them anywhere, whole or in part', () => {
    for (const { what, text } of outputs()) {
      for (const [secret, kind] of secrets) {
        for (const part of partsOf(secret)) {
          assert.ok(!text.includes(part), `${kind} in ${what}: ${text.slice(0, 500)}`);
        }
      }
      assert.doesNotMatch(text, /eyJ[\w-]{10,}\.eyJ/, `a JWT in ${what}`);
    }
  });

  it('repeats nothing of what clients write into queries, cookies, credentials, forms and fields, but in links back', () => {
    for (const { what, text } of outputs()) {
      const said = text.replaceAll(/(href|action)="[^"]*"|"signIn":"[^"]*"/g, '');
      for (const [kind, canary] of Object.entries(CANARY)) {
        assert.ok(!said.includes(canary), `the ${kind} canary in ${what}: ${said.slice(0, 500)}`);
      }
    }
  });

  it('hands none of them to the app either', () => {
    const received = upstream.bytes().toString('latin1');
    for (const [secret, kind] of secrets) {
      for (const part of partsOf(secret)) assert.ok(!received.includes(part), kind);
    }
  });
});

/** Pieces that no other value shares: what is sealed begins alike, and claims are alike in tokens and assertions. */
function partsOf(secret: string): readonly string[] {
  return [secret.slice(-20), ...(secret.length > 80 ? [secret.slice(-60, -40)] : [])];
}
