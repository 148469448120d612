import { numberMember, stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import { readCookie, readCookiesWithPrefix } from '../sessions/cookie-header.ts';
import { flowCookiePrefix } from '../sessions/cookie-names.ts';
import { clearCookie, setCookie } from '../sessions/session-cookies.ts';
import type { FlowContext } from './flow-context.ts';

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
const FLOW_LIFETIME = 15 * 60;
/** Flows that one browser may have under way on one host; a further one takes the place of the oldest. */
const MAX_FLOWS = 5;
/**
 * Flows that are opened to see how old they are: the last ones, since browsers send cookies of one path in the order in which they were
 * made (RFC 6265bis §5.8.3). Hundreds fit into a request, and each takes as long as a small request in all.
 */
const MAX_OPENED = 16;
/** Cookies that one answer takes away; the next one goes on. */
const MAX_CLEARED = 64;

/** Marks that a flow is this browser's: kept past the flow itself, it proves that the flow may begin again, and nothing else. */
const MARK_PREFIX = `${flowCookiePrefix}own-`;
/** Seconds: a tab that stood at the sign-in page overnight is still this browser's. */
const MARK_LIFETIME = 24 * 3600;
const MAX_MARKS = 40;

const prefixOf = (side: FlowSide) => (side === 'flow-app' ? `${flowCookiePrefix}app-` : `${flowCookiePrefix}auth-`);

/** `Set-Cookie` values that add `flow` to the flows of this browser, and remove what has expired or is one too many. */
export function addFlow(
  context: FlowContext,
  side: FlowSide,
  host: string,
  cookies: string,
  flow: FlowCookie,
): readonly string[] {
  const present = readCookiesWithPrefix(cookies, prefixOf(side));
  const flows = present.map(([name, value], index) => ({
    name,
    startedAt: index < present.length - MAX_OPENED ? 0 : (openFlow(context, side, host, value)?.startedAt ?? 0),
  }));
  const marks = readCookiesWithPrefix(cookies, MARK_PREFIX).map(([name, value]) => ({
    name,
    startedAt: /^\d{1,12}$/.test(value) ? Number(value) : 0,
  }));
  const sealed = sealRecord(side, host, flow, context.keys());
  return [
    ...surplus(flows, MAX_FLOWS - 1, flow.startedAt - FLOW_LIFETIME),
    ...surplus(marks, MAX_MARKS - 1, flow.startedAt - MARK_LIFETIME),
    setCookie(prefixOf(side) + flow.id, sealed, FLOW_LIFETIME),
    setCookie(MARK_PREFIX + flow.id, String(flow.startedAt), MARK_LIFETIME),
  ];
}

/** `Set-Cookie` values that remove all but the newest `kept` cookies, and those from before `oldest` (seconds since the epoch). */
function surplus(
  present: readonly { readonly name: string; readonly startedAt: number }[],
  kept: number,
  oldest: number,
): readonly string[] {
  return present
    .toSorted((a, b) => b.startedAt - a.startedAt)
    .filter(({ name, startedAt }, index) => (index >= kept || startedAt < oldest) && isCookieName(name))
    .slice(-MAX_CLEARED)
    .map(({ name }) => clearCookie(name));
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

/** Whether this browser began the flow `id`, which may have lost its cookie since: expired, or given way to newer flows. */
export function isOwnFlow(cookies: string, id: string): boolean {
  return readCookie(cookies, MARK_PREFIX + id) !== null;
}

/** The `Set-Cookie` values that end the flow `id`. `id` comes out of a seal. */
export function removeFlow(side: FlowSide, id: string): readonly string[] {
  return [clearCookie(prefixOf(side) + id), clearCookie(MARK_PREFIX + id)];
}

/** Whether a flow, or the sealed start of one, took too long. @param now seconds since the epoch */
export function isExpired(flow: { readonly startedAt: number }, now: number): boolean {
  return now - flow.startedAt > FLOW_LIFETIME;
}

function openFlow(context: FlowContext, side: FlowSide, host: string, sealed: string): FlowCookie | null {
  const record = openRecord(side, host, sealed, context.keys());
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
