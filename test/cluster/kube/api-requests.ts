import { Agent, request } from 'node:https';

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, or text where it is none. */
  readonly body: unknown;
  /** Its `Warning` headers. */
  readonly warnings: readonly string[];
}

/** Plain requests to an API server, as one user. */
export class ApiRequests {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(url: string, caPem: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ ca: caPem, keepAlive: true });
  }

  /** Sends one request. An object body is JSON, or apply configuration when the method is PATCH. */
  send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<ApiAnswer> {
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { 'Content-Type': contentType }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(this.#url + path), { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = response.headers['content-type']?.startsWith('application/json') === true;
          const warnings = response.headersDistinct.warning ?? [];
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text, warnings });
        });
      });
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : asciiJson(body));
    });
  }

  /** Writes an object with server-side apply, whether it exists or not. */
  async apply(path: string, object: object): Promise<void> {
    await this.expect(200, this.send('PATCH', `${path}?fieldManager=test&force=true`, object), 201);
  }

  async delete(path: string): Promise<void> {
    await this.expect(200, this.send('DELETE', path), 202);
  }

  /** The body of an answer with one of two statuses; anything else fails the test with what the server said. */
  async expect(status: number, answer: Promise<ApiAnswer>, orStatus: number = status): Promise<unknown> {
    const { status: actual, body } = await answer;
    if (actual === status || actual === orStatus) return body;
    throw new Error(`the API server answers ${actual}: ${JSON.stringify(body)}`);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A patch is read as YAML, for which some characters beyond ASCII end a line. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
