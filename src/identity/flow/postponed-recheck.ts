import type { KeyRing } from '../keys/key-ring.ts';
import { numberMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import { readCookie } from '../sessions/cookie-header.ts';
import { flowCookiePrefix } from '../sessions/cookie-names.ts';
import { setCookie } from '../sessions/session-cookies.ts';
import type { SessionReader } from '../sessions/session-reader.ts';

const COOKIE = `${flowCookiePrefix}later`;
/** Until the provider is tried again. */
const PAUSE_SECONDS = 120;

/**
 * The `Set-Cookie` value that lets navigations pass without a recheck for a while: the provider could not confirm the
 * session just now. No bound moves: the session ends at `maxStale` all the same.
 *
 * @param now seconds since the epoch
 */
export function postponeRecheck(ring: KeyRing, host: string, now: number): string {
  const sealed = sealRecord('postponed-recheck', host, { until: now + PAUSE_SECONDS }, ring);
  return setCookie(COOKIE, sealed, PAUSE_SECONDS);
}

/** Reads sessions as `sessions` does, with no recheck due while it is postponed. */
export function withPostponedRechecks(sessions: SessionReader, keys: () => KeyRing): SessionReader {
  return Object.freeze({
    ...sessions,
    read: (cookies: string, host: string, now: number) => {
      const state = sessions.read(cookies, host, now);
      if (state.kind !== 'open' || !state.recheckDue || !isPostponed(keys(), cookies, host, now)) return state;
      return { ...state, recheckDue: false };
    },
  });
}

function isPostponed(ring: KeyRing, cookies: string, host: string, now: number): boolean {
  const record = openRecord('postponed-recheck', host, readCookie(cookies, COOKIE), ring);
  return record !== null && (numberMember(record, 'until') ?? 0) > now / 1000;
}
