import { createHash } from 'node:crypto';
import { numberMember, stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import { readCookie } from '../sessions/cookie-header.ts';
import { flowCookiePrefix } from '../sessions/cookie-names.ts';
import { clearCookie, setCookie } from '../sessions/session-cookies.ts';
import type { FlowContext } from './flow-context.ts';

const ROUND_COOKIE = `${flowCookiePrefix}round`;
/** From the end of one sign-in to the start of the next: in a loop that is one redirect, for a person it is longer. */
const WINDOW_SECONDS = 15;

/** Sign-ins in a row for one target before we stop. */
export const MAX_ROUNDS = 3;

/** The `Set-Cookie` value that remembers, for a moment, that `target` was just signed in for. */
export function markRound(context: FlowContext, host: string, target: string, round: number, now: number): string {
  const marker = { target: digest(target), round, at: now };
  return setCookie(ROUND_COOKIE, sealRecord('round', host, marker, context.keys()), WINDOW_SECONDS);
}

/**
 * Which sign-in in a row for `target` the next one would be, from 1.
 *
 * @param now seconds since the epoch
 */
export function nextRound(context: FlowContext, host: string, cookies: string, target: string, now: number): number {
  const marker = openRecord('round', host, readCookie(cookies, ROUND_COOKIE), context.keys());
  if (marker === null || stringMember(marker, 'target') !== digest(target)) return 1;
  const age = now - (numberMember(marker, 'at') ?? 0);
  return age > WINDOW_SECONDS ? 1 : (numberMember(marker, 'round') ?? 0) + 1;
}

/** The `Set-Cookie` value that starts counting anew. */
export const clearedRound = clearCookie(ROUND_COOKIE);

const digest = (target: string) => createHash('sha256').update(target).digest('base64url');
