import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import { type ApiFailure, type ApiResult, statusFailure } from './api-failure.ts';
import { type ApiAccess, type ApiRoute, readApiRoute } from './api-route.ts';

/** A change of one object. */
export interface ApiChange {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Of a PATCH: a JSON merge patch (RFC 7386). */
  readonly body: object;
}

/** Reads and changes what the API server holds. */
export interface ApiClient {
  /**
   * Whether there is a way to the API server at all; nothing is asked of it.
   *
   * @throws EntragateError `api-access-unusable`
   */
  checkAccess(): Promise<void>;
  /** One JSON answer, whole. */
  get(path: string, signal: AbortSignal): Promise<ApiResult<unknown>>;
  /**
   * An answer as it comes in. Reading it may throw, as sockets do; see {@link failureOf}.
   *
   * @param idleLimit longest time without a byte, in milliseconds
   */
  open(path: string, signal: AbortSignal, idleLimit: number): Promise<ApiResult<IncomingMessage>>;
  /** Makes one change, once: the answer is the object as it is then. */
  write(change: ApiChange, signal: AbortSignal): Promise<ApiResult<unknown>>;
  /** Ends every request. */
  close(): void;
}

/** How long is waited for an API server; all in milliseconds. */
export interface ApiLimits {
  /** For TCP and TLS: a packet that nobody answers would otherwise hold a watch up for two minutes. */
  readonly connect: number;
  /** Without a byte of an answer. */
  readonly idle: number;
  /** For a whole answer: one that comes byte by byte would otherwise hold up whoever waits for it for ever. */
  readonly whole: number;
}

export const apiLimits: ApiLimits = { connect: 10_000, idle: 30_000, whole: 120_000 };

/** Twice what the largest object may be as JSON (see follow-watch.ts), and little enough that a list of such objects ends no process. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Bodies of refusals are a few hundred bytes. */
const MAX_REFUSAL_BYTES = 64 * 1024;

class SilentError extends Error {}

/** A request as it is sent. */
type ApiCall = ApiChange | { readonly method: 'GET'; readonly path: string; readonly body: null };

/** Connects to nothing yet. */
export function createApiClient(access: ApiAccess, limits: ApiLimits = apiLimits): ApiClient {
  return new HttpsApiClient(access, limits);
}

/** What an error of a request, or of reading its answer, means. */
export function failureOf(error: unknown): ApiFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: error instanceof SilentError ? 'silent' : 'network', message };
}

class HttpsApiClient implements ApiClient {
  readonly #access: ApiAccess;
  readonly #limits: ApiLimits;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #closed = new AbortController();
  /** Read anew after a failure: certificates and tokens rotate. */
  #route: Promise<ApiRoute> | null = null;

  constructor(access: ApiAccess, limits: ApiLimits) {
    this.#access = access;
    this.#limits = limits;
  }

  async checkAccess(): Promise<void> {
    try {
      await this.#currentRoute();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EntragateError('api-access-unusable', `There is no way to the API server: ${reason}`, { cause });
    }
  }

  async get(path: string, signal: AbortSignal): Promise<ApiResult<unknown>> {
    return this.#whole(signal, (limited) => this.open(path, limited, this.#limits.idle));
  }

  async write(change: ApiChange, signal: AbortSignal): Promise<ApiResult<unknown>> {
    return this.#whole(signal, (limited) => this.#exchange(change, limited, this.#limits.idle));
  }

  async #whole(
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<ApiResult<IncomingMessage>>,
  ): Promise<ApiResult<unknown>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#limits.whole);
    const answer = await readAnswer(await ask(AbortSignal.any([signal, late.signal])));
    clearTimeout(timer);
    if (answer.ok || !late.signal.aborted) return answer;
    const message = `the API server had not answered in full after ${this.#limits.whole} ms`;
    return { ok: false, failure: { kind: 'silent', message } };
  }

  open(path: string, signal: AbortSignal, idleLimit: number): Promise<ApiResult<IncomingMessage>> {
    return this.#exchange({ method: 'GET', path, body: null }, signal, idleLimit);
  }

  async #exchange(call: ApiCall, signal: AbortSignal, idleLimit: number): Promise<ApiResult<IncomingMessage>> {
    const text = call.body === null ? '' : JSON.stringify(call.body);
    try {
      const { path = '', headers, ...options } = await this.#requestOptions();
      const request = {
        ...options,
        method: call.method,
        path: `${path}${call.path}`,
        headers: call.body === null ? headers : { ...headers, ...bodyFields(call.method, text) },
      };
      const response = await this.#send(request, text, signal, idleLimit);
      if (isSuccess(call.method, response.statusCode)) return { ok: true, value: response };
      if (response.statusCode === 401) this.#route = null;
      return { ok: false, failure: await refusalOf(response) };
    } catch (error) {
      this.#route = null;
      this.#dropIdleConnections();
      return { ok: false, failure: failureOf(error) };
    }
  }

  close(): void {
    this.#closed.abort(new Error('the client is closed'));
    this.#agent.destroy();
  }

  #currentRoute(): Promise<ApiRoute> {
    this.#route ??= readApiRoute(this.#access);
    return this.#route;
  }

  async #requestOptions(): Promise<RequestOptions> {
    const { hostname, port, pathPrefix, credentials } = await this.#currentRoute();
    const { headers: given, ...options } = await credentials();
    const headers = Object.entries(given ?? {}).map(([name, value]) => [name, String(value).trim()]);
    return {
      agent: this.#agent,
      ...options,
      hostname,
      port,
      path: pathPrefix,
      headers: { ...Object.fromEntries(headers), Accept: 'application/json', 'User-Agent': 'entragate' },
    };
  }

  #send(options: RequestOptions, body: string, signal: AbortSignal, idleLimit: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | null = null;
      const ended = AbortSignal.any([signal, this.#closed.signal]);
      const sent = request({ ...options, signal: ended });
      const connecting = setTimeout(() => {
        sent.destroy(new Error(`no connection to the API server within ${this.#limits.connect} ms`));
      }, this.#limits.connect);
      sent.once('close', () => clearTimeout(connecting));
      sent.once('socket', (socket) => {
        if (socket.connecting) socket.once('secureConnect', () => clearTimeout(connecting));
        else clearTimeout(connecting);
      });
      // Counts from the connection on: Node.js starts it no earlier.
      sent.setTimeout(idleLimit, () => {
        this.#dropIdleConnections();
        // Through the request alone, a reader of the answer would be told no more than that it was cut.
        (answer ?? sent).destroy(new SilentError(`the API server sent nothing for ${idleLimit} ms`));
      });
      sent.on('error', reject);
      sent.once('response', (response) => {
        answer = response;
        resolve(response);
      });
      sent.end(body);
    });
  }

  /** Where one connection died, those that wait for use have died with it, and would only be found out one by one. */
  #dropIdleConnections(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}

function bodyFields(method: ApiCall['method'], text: string): Readonly<Record<string, string>> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(text)) };
}

/** What is read comes with 200 and nothing else. 201: it was created; 202: a deletion that has begun. */
function isSuccess(method: ApiCall['method'], status: number | undefined): boolean {
  return status === 200 || (method !== 'GET' && (status === 201 || status === 202));
}

async function readAnswer(opened: ApiResult<IncomingMessage>): Promise<ApiResult<unknown>> {
  if (!opened.ok) return opened;
  try {
    const body = await readBody(opened.value, MAX_BODY_BYTES);
    if (body === null) {
      return { ok: false, failure: { kind: 'too-large', message: `an answer exceeds ${MAX_BODY_BYTES} bytes` } };
    }
    return parseJson(body);
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

async function readBody(response: IncomingMessage, limit: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function refusalOf(response: IncomingMessage): Promise<ApiFailure> {
  const text = (await readBody(response, MAX_REFUSAL_BYTES)) ?? '';
  const body = parseJson(text);
  const seconds = Number(response.headers['retry-after'] ?? 0);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
  return statusFailure(response.statusCode ?? 0, body.ok ? body.value : null, retryAfter);
}

/** Parses JSON of the API server. */
export function parseJson(text: string): ApiResult<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return malformed('an answer is not JSON');
  }
}

function malformed(message: string): ApiResult<never> {
  return { ok: false, failure: { kind: 'malformed', message } };
}
