import https from 'node:https';

/** One answer, body read. */
export interface WebAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: string;
}

export interface WebRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A plain HTTP client over TLS that keeps cookies by host as a browser does (`__Host-` ones at least), and resolves every
 * name to loopback. It follows redirects only when told to.
 */
export class WebClient {
  readonly #ca: string;
  readonly #jar = new Map<string, Map<string, string>>();
  readonly #agent = new https.Agent({ keepAlive: true, maxCachedSessions: 0 });

  /** @param ca PEM of every authority to trust */
  constructor(ca: string) {
    this.#ca = ca;
  }

  /** One request, with this client's cookies of the host. */
  async request(url: string, { method = 'GET', headers = {}, body = '' }: WebRequest = {}): Promise<WebAnswer> {
    const target = new URL(url);
    const cookie = this.cookieHeader(target.hostname);
    const answer = await new Promise<WebAnswer>((resolve, reject) => {
      const options: https.RequestOptions = {
        method,
        agent: this.#agent,
        ca: this.#ca,
        lookup: (_name, { all }, callback) =>
          all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
        headers: {
          ...(cookie === '' ? {} : { cookie }),
          ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      };
      const outgoing = https.request(target, options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const { 'set-cookie': setCookies = [], ...fields } = incoming.headers;
          const flat = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ url, status: incoming.statusCode ?? 0, headers: flat, setCookies, body: text });
        });
      });
      outgoing.once('error', reject).end(body);
    });
    for (const line of answer.setCookies) this.#store(target.hostname, line);
    return answer;
  }

  /** A navigation: asks for HTML, follows redirects (with GET), at most `most` of them. */
  async navigate(url: string, request: WebRequest = {}, most = 20): Promise<WebAnswer> {
    const html = { accept: 'text/html,application/xhtml+xml' };
    let answer = await this.request(url, { ...request, headers: { ...html, ...request.headers } });
    for (let hop = 0; hop < most && answer.status >= 300 && answer.status < 400; hop += 1) {
      answer = await this.request(new URL(answer.headers.location ?? '', answer.url).href, { headers: html });
    }
    return answer;
  }

  /**
   * Opens `url`, and where a sign-in page of the emulator appears presses the button of `username`.
   * Ends at whatever comes after.
   */
  async signIn(url: string, username: string): Promise<WebAnswer> {
    const page = await this.navigate(url);
    if (!page.body.includes('name="username"')) return page;
    const { url: action, ...request } = formOf(page, username);
    return this.navigate(action, request);
  }

  cookieHeader(host: string): string {
    return [...(this.#jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  cookieNames(host: string): readonly string[] {
    return [...(this.#jar.get(host) ?? new Map<string, string>()).keys()];
  }

  setCookie(host: string, name: string, value: string): void {
    const cookies = this.#jar.get(host) ?? new Map<string, string>();
    this.#jar.set(host, cookies.set(name, value));
  }

  forget(host: string): void {
    this.#jar.delete(host);
  }

  close(): void {
    this.#agent.destroy();
  }

  #store(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(/; */);
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const isGone = attributes.some((attribute) => /^max-age=0$/i.test(attribute));
    if (isGone) this.#jar.get(host)?.delete(name);
    else this.setCookie(host, name, pair.slice(equals + 1));
  }
}

/** Presses a button of the emulator's sign-in form, which has no other field. */
export function formOf(page: WebAnswer, username: string): WebRequest & { readonly url: string } {
  const action = /<form[^>]*action="([^"]*)"/.exec(page.body)?.[1] ?? '';
  const body = new URLSearchParams({ username }).toString();
  return {
    url: new URL(decode(action), page.url).href,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin },
    body,
  };
}

function decode(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<');
}
