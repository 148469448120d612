import { numberMember, parseJsonRecord, stringMember } from '../oidc/json-record.ts';
import { noProvider } from '../sealed/provider-binding.ts';
import { open, seal } from '../sealed/seal.ts';
import { readCookie, readCookiesWithPrefix } from '../sessions/cookie-header.ts';
import { flowCookiePrefix } from '../sessions/cookie-names.ts';
import { clearCookie, setCookie } from '../sessions/session-cookies.ts';
import { type FlowContext, randomId } from './flow-context.ts';

/** Which half of a flow a cookie holds: that of the app's host, or that of the host that runs sign-in. */
export type FlowSide = 'flow-app' | 'flow-auth';

/** One flow of this browser on one host. */
export interface FlowCookie {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** The half of the auth side alone; '' on the app's. */
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Seconds in which a sign-in has to be done. */
export const FLOW_LIFETIME = 15 * 60;
/** Flows that one browser may have under way on one host; a further one takes the place of the oldest. */
const MAX_FLOWS = 5;

const BROWSER_COOKIE = `${flowCookiePrefix}browser`;

const prefixOf = (side: FlowSide) => (side === 'flow-app' ? `${flowCookiePrefix}app-` : `${flowCookiePrefix}auth-`);

/** `Set-Cookie` values that add `flow` to the flows of this browser, and remove what has expired or is one too many. */
export function addFlow(
  context: FlowContext,
  side: FlowSide,
  host: string,
  cookies: string,
  flow: FlowCookie,
): readonly string[] {
  const prefix = prefixOf(side);
  const present = readCookiesWithPrefix(cookies, prefix).map(([name, value]) => ({
    name,
    flow: openFlow(context, side, host, value),
  }));
  const kept = new Set(
    present
      .filter((cookie) => cookie.flow !== null && !isExpired(cookie.flow, flow.startedAt))
      .sort((a, b) => (b.flow?.startedAt ?? 0) - (a.flow?.startedAt ?? 0))
      .slice(0, MAX_FLOWS - 1)
      .map(({ name }) => name),
  );
  const removed = present
    .filter(({ name }) => !kept.has(name) && isCookieName(name))
    .map(({ name }) => clearCookie(name));
  const sealed = seal(side, host, noProvider, Buffer.from(JSON.stringify(flow)), context.keys());
  return [...removed, setCookie(prefix + flow.id, sealed, FLOW_LIFETIME)];
}

/** The flow `id` of this browser; null when this browser has none of that id. */
export function findFlow(
  context: FlowContext,
  side: FlowSide,
  host: string,
  cookies: string,
  id: string,
): FlowCookie | null {
  const value = readCookie(cookies, prefixOf(side) + id);
  const flow = value === null ? null : openFlow(context, side, host, value);
  return flow?.id === id ? flow : null;
}

/** The `Set-Cookie` value that ends the flow `id`. `id` comes out of a seal. */
export function removeFlow(side: FlowSide, id: string): string {
  return clearCookie(prefixOf(side) + id);
}

/** @param now seconds since the epoch */
export function isExpired(flow: { readonly startedAt: number }, now: number): boolean {
  return now - flow.startedAt > FLOW_LIFETIME;
}

/** A browser's id on one host, and the `Set-Cookie` values that give it one. */
export interface Browser {
  readonly id: string;
  readonly cookies: readonly string[];
}

/**
 * Tells this browser's own flows from somebody else's when their cookies are gone (expired, or one too many): only then
 * may a flow begin again by itself. It proves nothing else. Kept until the browser closes.
 */
export function browserOf(context: FlowContext, cookies: string): Browser {
  const known = browserId(cookies);
  if (known !== null) return { id: known, cookies: [] };
  const id = randomId(context);
  return { id, cookies: [setCookie(BROWSER_COOKIE, id, null)] };
}

/** null: this browser has not begun a flow on this host. */
export function browserId(cookies: string): string | null {
  const id = readCookie(cookies, BROWSER_COOKIE);
  return id !== null && /^[\w-]{22}$/.test(id) ? id : null;
}

function openFlow(context: FlowContext, side: FlowSide, host: string, sealed: string): FlowCookie | null {
  const payload = open(side, host, noProvider, sealed, context.keys());
  const record = payload === null ? null : parseJsonRecord(Buffer.from(payload).toString('utf8'));
  if (record === null) return null;
  const id = stringMember(record, 'id');
  const startedAt = numberMember(record, 'startedAt');
  const nonce = stringMember(record, 'nonce');
  const codeVerifier = stringMember(record, 'codeVerifier');
  return id === null || startedAt === null || nonce === null || codeVerifier === null
    ? null
    : { id, startedAt, nonce, codeVerifier };
}

/** What a `Set-Cookie` may name (RFC 9110 §5.6.2 token): a request's `Cookie` field can hold anything. */
function isCookieName(name: string): boolean {
  return /^[\w.-]{1,100}$/.test(name);
}
