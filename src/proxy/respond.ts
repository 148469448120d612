import type { IdentityPage, OwnResponse } from '../identity/own-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { type Page, renderPage } from './pages/page.ts';
import { describeProblem, type ProblemCode } from './pages/problem.ts';
import { acceptsHtml } from './reading/accept.ts';

const HTML = 'text/html; charset=utf-8';
/** RFC 9457. */
const PROBLEM_JSON = 'application/problem+json';
const NO_STORE = 'no-store';
const NO_COOKIES: readonly string[] = Object.freeze([]);

/** A year, for this host alone: siblings may still be without TLS, and they are not ours to speak for. */
export const strictTransportSecurity = 'max-age=31536000';

/** A gateway answers as an origin server (RFC 9110 §3.7, §10.2.4). It says no version, and an app that names itself is let to. */
export const serverName = 'entragate';

/** RFC 9457, with the members that clients of ours read. */
export type ProblemDocument = Readonly<Record<string, string | number>>;

interface Body {
  readonly contentType: string;
  readonly text: string;
  readonly cacheControl: string;
  readonly cookies: readonly string[];
  readonly extra: readonly string[];
}

/** Answers with what is wrong: a page where HTML was asked for, JSON otherwise. `detail` never holds a value of the request. */
export function respondProblem(exchange: Exchange, problem: ProblemCode, detail: string): void {
  const { status, title, explanation } = describeProblem(problem);
  if (wantsHtml(exchange)) {
    respondPage(exchange, status, { kind: 'problem', problem, detail }, NO_COOKIES);
    return;
  }
  respondProblemDocument(exchange, status, { title, detail: detail === '' ? explanation : detail, code: problem }, []);
}

/** A request that was refused has no canonical form; whoever sent it may be looking at a browser all the same. */
function wantsHtml({ incoming, request }: Exchange): boolean {
  return request === null ? acceptsHtml(incoming.headers.accept ?? '') : request.wantsHtml;
}

/** Answers 500 after a defect. The request is not forwarded; what had been sent of an answer is cut. */
export function failInternally(exchange: Exchange, error: unknown): void {
  const { outcome, outgoing, plane, requestId } = exchange;
  plane.options.log.error({ err: error, requestId }, 'A request could not be handled');
  outcome.decision = 'failed';
  outcome.code = 'internal-error';
  if (outgoing.headersSent) outgoing.destroy();
  else respondProblem(exchange, 'internal-error', '');
}

/** @param extra more fields of the response, `[name, value, …]` */
export function respondProblemDocument(
  exchange: Exchange,
  status: number,
  members: ProblemDocument,
  extra: readonly string[],
): void {
  const text = JSON.stringify({ type: 'about:blank', status, ...members, requestId: exchange.requestId });
  send(exchange, status, { contentType: PROBLEM_JSON, text, cacheControl: NO_STORE, cookies: NO_COOKIES, extra });
}

/** Answers with a page that nobody stores, under its own Content-Security-Policy. */
export function respondPage(
  exchange: Exchange,
  status: number,
  page: Page,
  cookies: readonly string[],
  extra: readonly string[] = [],
): void {
  const { html, contentSecurityPolicy } = renderPage(page, exchange.requestId);
  const fields = ['Content-Security-Policy', contentSecurityPolicy, ...extra];
  send(exchange, status, { contentType: HTML, text: html, cacheControl: NO_STORE, cookies, extra: fields });
}

/** The target is in its field alone: it may hold a ticket, and bodies are kept and shown in more places than fields. */
export function respondRedirect(
  exchange: Exchange,
  status: 302 | 303 | 308,
  location: string,
  cookies: readonly string[],
): void {
  const text = 'Go on to the Location of this answer.\n';
  const contentType = 'text/plain; charset=utf-8';
  send(exchange, status, { contentType, text, cacheControl: NO_STORE, cookies, extra: ['Location', location] });
}

/** Sends what identity answered, and notes it for the access line. */
export function respondOwn(exchange: Exchange, response: OwnResponse): void {
  exchange.outcome.code = response.log.code === '' ? response.log.event : response.log.code;
  exchange.outcome.detail = response.log.detail;
  exchange.outcome.oid = response.log.oid;
  const { cookies } = response;
  switch (response.kind) {
    case 'redirect':
      respondRedirect(exchange, response.status, response.location, cookies);
      return;
    case 'page':
      respondPage(exchange, response.status, response.page, cookies, allowField(response.page));
      return;
    case 'json': {
      const { contentType, body, cacheControl } = response;
      send(exchange, response.status, { contentType, text: body, cacheControl, cookies, extra: [] });
      return;
    }
    default:
      response satisfies never;
  }
}

/** RFC 9110 §15.5.6: a 405 names the methods that are allowed. */
function allowField(page: IdentityPage): readonly string[] {
  return page.kind === 'method-not-allowed' ? ['Allow', page.allow] : [];
}

function send(exchange: Exchange, status: number, body: Body): void {
  const { outgoing, request } = exchange;
  if (outgoing.headersSent || outgoing.destroyed) return;
  const bytes = Buffer.from(body.text, 'utf8');
  const headers = [
    'Content-Type',
    body.contentType,
    'Content-Length',
    String(bytes.length),
    'Cache-Control',
    body.cacheControl,
    'X-Content-Type-Options',
    'nosniff',
    'Referrer-Policy',
    'same-origin',
    'Server',
    serverName,
  ];
  for (const cookie of body.cookies) headers.push('Set-Cookie', cookie);
  for (const part of body.extra) headers.push(part);
  if (isStrictTransport(exchange)) headers.push('Strict-Transport-Security', strictTransportSecurity);
  announceEnd(exchange, headers);
  outgoing.writeHead(status, headers);
  outgoing.end(bytes);
  if (request?.method !== 'HEAD') exchange.outcome.bytes = bytes.length;
}

/** Whether browsers are to remember that this host speaks TLS (RFC 6797 §7.2: never said over plain HTTP). */
export function isStrictTransport(exchange: Exchange): boolean {
  return !exchange.plane.options.dev && exchange.request?.scheme === 'https';
}

/** Says so where this answer is the connection's last; from then on no request behind it is served. */
export function announceEnd(exchange: Exchange, headers: string[]): void {
  if (!endsConnection(exchange)) return;
  headers.push('Connection', 'close');
  exchange.plane.ending.add(exchange.incoming.socket);
}

/** A client that still waits for `100 Continue` may or may not send its body after a final answer: only a close is clear. */
function endsConnection(exchange: Exchange): boolean {
  const isBodyInDoubt = exchange.request?.expectsContinue === true && exchange.outcome.upstreamStart === 0;
  return exchange.closesConnection || exchange.plane.isDraining || exchange.upgrade !== null || isBodyInDoubt;
}
