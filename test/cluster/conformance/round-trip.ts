import { X509Certificate } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Echo } from './echo-pods.ts';

/** What came back from the controller, redirects followed. */
export interface RoundTrip {
  readonly status: number;
  readonly proto: string;
  /** Names in lower case. */
  readonly headers: http.IncomingHttpHeaders;
  /** Of the certificate that was presented, as `subjectAltName` says it; null without TLS. */
  readonly certificateNames: readonly string[] | null;
  /** null: the answer is no echo. */
  readonly echo: Echo | null;
}

export interface Controller {
  readonly httpPort: number;
  readonly httpsPort: number;
}

const MOST_REDIRECTS = 5;

/**
 * One request as the suite's client makes it: every name leads to the address that the status shows, redirects are followed there with the
 * same method, certificates are looked at and not verified, and an IP address is no SNI (RFC 6066 section 3).
 */
export async function roundTrip(controller: Controller, method: string, url: string): Promise<RoundTrip> {
  let target = new URL(url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const answer = await send(controller, method, target);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    target = new URL(location, target);
  }
  throw new Error(`${url} is redirected without end`);
}

function send(controller: Controller, method: string, target: URL): Promise<RoundTrip> {
  const isSecure = target.protocol === 'https:';
  const options: https.RequestOptions = {
    method,
    host: '127.0.0.1',
    port: isSecure ? controller.httpsPort : controller.httpPort,
    path: target.pathname + target.search,
    agent: false,
    headers: { Host: target.hostname, 'User-Agent': 'Go-http-client/1.1' },
  };
  const tls = { rejectUnauthorized: false, servername: isIP(target.hostname) === 0 ? target.hostname : '' };
  return new Promise((resolve, reject) => {
    const sent = isSecure ? https.request({ ...options, ...tls }) : http.request(options);
    sent.setTimeout(60_000, () => sent.destroy(new Error(`no answer from ${target.href} in a minute`)));
    sent.once('error', reject);
    sent.once('response', (response) => {
      const { socket } = response;
      const certificateNames = socket instanceof TLSSocket ? namesOf(socket) : null;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          proto: `HTTP/${response.httpVersion}`,
          headers: response.headers,
          certificateNames,
          echo: echoOf(Buffer.concat(chunks).toString('utf8')),
        });
      });
    });
    sent.end();
  });
}

function namesOf(socket: TLSSocket): readonly string[] {
  const { subjectAltName = '' } = new X509Certificate(socket.getPeerCertificate().raw);
  return subjectAltName.split(', ').map((name) => name.replace(/^DNS:/, ''));
}

function echoOf(body: string): Echo | null {
  try {
    const value: unknown = JSON.parse(body);
    return isEcho(value) ? value : null;
  } catch {
    return null;
  }
}

function isEcho(value: unknown): value is Echo {
  return typeof value === 'object' && value !== null && 'service' in value && 'pod' in value;
}
