import type { Identity } from '../identity/identity.ts';
import type { LinkedRoute } from './linked-snapshot.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';

/**
 * How much a request may ask of the rules of its route at once: about a millisecond. In instructions of regular expressions by characters of a text; what one
 * route may have is a hundred times as much.
 */
export const MOST_AT_ONCE = 20_000;
/** The same for what goes on and is decided on again and again, thousands in a row. */
export const MOST_AGAIN = 2_000;

/** Characters that a claim may well have. */
const LEAST_TEXT = 64;
/** Looking at a value, whatever the text. */
const VALUE = 2;

/**
 * Whether to decide on a request may take so long that it waits for its turn. Regular expressions and paths are both chosen by whoever writes Policies and
 * opens what they guard: sixteen connections kept a worker from everybody else for seconds, and fifty idle WebSockets, decided on again every two seconds,
 * for good (ISOLATED).
 */
export function hasLongRules({ cost }: LinkedRoute, { path }: CanonicalRequest, most: number): boolean {
  return cost.steps * Math.max(path.length, LEAST_TEXT) + cost.values * VALUE > most;
}

/** Whether rules have a say about who asks: an open session. For anybody else there is nothing long to do. */
export function isDecidedByRules(identity: Identity, { cookies, host }: CanonicalRequest, now: number): boolean {
  return identity.read(cookies, host, now).kind === 'open';
}
