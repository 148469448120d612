import { request } from 'node:https';
import type { LookupFunction } from 'node:net';

/** What to trust when identity itself calls out. */
export interface HttpsTrust {
  /** PEM that replaces the system's roots (the emulator's authority in development); null: the system's roots. */
  readonly trustedCa: string | null;
  /** Resolves names in place of DNS (`login.localhost` in development); null: DNS. */
  readonly dnsOverride: LookupFunction | null;
}

export interface HttpsCall {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

export type CallHttps = (call: HttpsCall) => Promise<HttpsAnswer>;

/** Entra's discovery document and key set are below 20 KiB. */
const MAX_BODY_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Makes the one way in which identity calls an identity provider: HTTPS only, no redirect followed, 10 s for the whole
 * exchange, at most 256 KiB of answer. Connections are not kept: a worker signs users in seldom, and a pool would have
 * to be closed by somebody.
 */
export function createHttpsCall(trust: HttpsTrust): CallHttps {
  return ({ url, method, headers, body }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      if (target.protocol !== 'https:') throw new TypeError(`not an https URL: ${target.origin}`);
      const call = request(target, {
        method,
        agent: false,
        headers: { ...headers, accept: 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(trust.trustedCa === null ? {} : { ca: trust.trustedCa }),
        ...(trust.dnsOverride === null ? {} : { lookup: trust.dnsOverride }),
      });
      call.on('error', reject);
      call.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY_BYTES)
            call.destroy(new Error(`${target.origin} answered more than ${MAX_BODY_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      call.end(body);
    });
}
