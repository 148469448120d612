import { stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import { readCookie } from '../sessions/cookie-header.ts';
import { clearCookie, setCookie } from '../sessions/session-cookies.ts';
import type { FlowContext } from './flow-context.ts';

const MARKER_COOKIE = '__Host-entragate-signed-out';

/** Whether somebody signed out in this browser since the last sign-in: then the user chooses an account again. */
export function hasSignedOut(cookies: string): boolean {
  return readCookie(cookies, MARKER_COOKIE) !== null;
}

/** The `Set-Cookie` value that makes the next sign-in ask for an account, and remembers where the sign-out came from. */
export function markSignedOut(context: FlowContext, siteHost: string, appHost: string): string {
  const sealed = sealRecord('sign-out-marker', siteHost, { host: appHost }, context.keys());
  return setCookie(MARKER_COOKIE, sealed, null);
}

/** The app's host that the sign-out came from; null where no marker of ours tells. */
export function signedOutFrom(context: FlowContext, siteHost: string, cookies: string): string | null {
  const marker = openRecord('sign-out-marker', siteHost, readCookie(cookies, MARKER_COOKIE), context.keys());
  return marker === null ? null : stringMember(marker, 'host');
}

/** The `Set-Cookie` value that forgets the sign-out: somebody has signed in. */
export const clearedSignOut = clearCookie(MARKER_COOKIE);
