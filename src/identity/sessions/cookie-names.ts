/**
 * Cookies of a session: `name` where one cookie holds it, `name.1` and `name.2` where it takes two. `__Host-` has the
 * browser refuse them from siblings, over plain HTTP, with a Domain or another Path (RFC 6265bis §4.1.3.2).
 */
export type SessionCookieName = '__Host-entragate' | '__Host-entragate-auth';

/** The session of an app's host. */
export const appSessionCookie: SessionCookieName = '__Host-entragate';

/** The session of the host that runs sign-in. */
export const authSessionCookie: SessionCookieName = '__Host-entragate-auth';

/** Cookies of one sign-in in flight are `__Host-entragate-flow-…`; whatever begins so belongs to the flow. */
export const flowCookiePrefix = '__Host-entragate-flow-';

/** What every name of ours begins with. */
const prefix = '__Host-entragate';

/**
 * Whether a cookie of this name is ours: kept from upstreams, and not theirs to set. Names are compared as received,
 * one character for each byte; no upstream name that merely looks or trims alike is ours.
 */
export function isOurCookie(name: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const next = name.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === DOT || next === DASH;
}

const DOT = 0x2e;
const DASH = 0x2d;
