import type { KeyRing } from '../keys/key-ring.ts';
import { openAnyBinding, type Purpose, seal } from '../sealed/seal.ts';
import type { Session } from '../session.ts';
import { readCookiesWithPrefix } from './cookie-header.ts';
import { appSessionCookie, authSessionCookie, type SessionCookieName } from './cookie-names.ts';
import { decodeSession, encodeSession } from './session-codec.ts';

/** Where a session lives: on an app's host, or on the host that runs sign-in. */
export type SessionKind = 'session' | 'auth-session';

/** Most characters of a cookie's value: with its name and attributes it stays below the 4,096 bytes that browsers allow (RFC 6265bis §5.6). */
const maxCookieValue = 3900;

/**
 * `Set-Cookie` values that make `session` the one of `host`, in one cookie or two; earlier ones of the other shape go.
 *
 * They end with the browser: how long a session lasts is decided by the bounds inside the seal, not by the browser's clock.
 */
export function sessionCookies(kind: SessionKind, session: Session, host: string, ring: KeyRing): readonly string[] {
  const name = cookieName(kind);
  const sealed = seal(kind, host, session.binding, encodeSession(session), ring);
  if (sealed.length <= maxCookieValue) {
    return [setCookie(name, sealed, null), clearCookie(`${name}.1`), clearCookie(`${name}.2`)];
  }
  const half = Math.ceil(sealed.length / 2);
  return [
    clearCookie(name),
    setCookie(`${name}.1`, sealed.slice(0, half), null),
    setCookie(`${name}.2`, sealed.slice(half), null),
  ];
}

/** `Set-Cookie` values that end the session in this browser. */
export function clearedSessionCookies(kind: SessionKind): readonly string[] {
  const name = cookieName(kind);
  return [clearCookie(name), clearCookie(`${name}.1`), clearCookie(`${name}.2`)];
}

/** The sealed text of the one session in a `Cookie` field; null when there is none, or more than one could be meant. */
export function findSealedSession(kind: SessionKind, cookies: string): string | null {
  const name = cookieName(kind);
  if (isOnlyCookie(cookies, name)) return cookies.slice(name.length + 1);
  if (!cookies.includes(name)) return null;
  const found = new Map<string, string>();
  for (const [cookie, value] of readCookiesWithPrefix(cookies, name)) {
    if (found.has(cookie)) return null;
    found.set(cookie, value);
  }
  const whole = found.get(name);
  const first = found.get(`${name}.1`);
  const second = found.get(`${name}.2`);
  if (whole !== undefined) return first === undefined && second === undefined ? whole : null;
  return first !== undefined && second !== undefined ? first + second : null;
}

/** Opens a session sealed for `host`; null for anything else, whatever is wrong with it. Bounds and revocations are not applied. */
export function openSession(kind: SessionKind, sealed: string, host: string, ring: KeyRing): Session | null {
  const opened = openAnyBinding(kind satisfies Purpose, host, sealed, ring);
  return opened === null ? null : decodeSession(opened.payload, opened.binding);
}

/**
 * A `Set-Cookie` value of ours (RFC 6265bis §4.1). `SameSite=Lax`: the redirect back from the provider carries it, a form
 * posted from another site does not.
 *
 * @param maxAge seconds; null: until the browser closes
 */
export function setCookie(name: string, value: string, maxAge: number | null): string {
  const cookie = `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax`;
  return maxAge === null ? cookie : `${cookie}; Max-Age=${maxAge}`;
}

/** A `Set-Cookie` value that removes a cookie of ours. */
export function clearCookie(name: string): string {
  return setCookie(name, '', 0);
}

function cookieName(kind: SessionKind): SessionCookieName {
  return kind === 'session' ? appSessionCookie : authSessionCookie;
}

/** The common case: a browser of an app that sets no cookies. */
function isOnlyCookie(cookies: string, name: string): boolean {
  return cookies.startsWith(name) && cookies.charCodeAt(name.length) === EQUALS && !cookies.includes(';');
}

const EQUALS = 0x3d;
