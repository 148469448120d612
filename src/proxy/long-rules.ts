import type { LinkedRoute } from './linked-snapshot.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';

/** Instructions of regular expressions by characters of text: a decision takes about a millisecond for so many, and 80 for what one route may have. */
const MOST_AT_ONCE = 20_000;
/** Characters that a claim may well have. */
const LEAST_TEXT = 64;

/**
 * Whether to decide on a request may take so long that it waits for its turn. Regular expressions and paths are both chosen by whoever writes Policies and
 * opens what they guard: sixteen connections kept a worker from everybody else for seconds, and fifty idle WebSockets, decided on again every two seconds,
 * for good (ISOLATED).
 */
export function hasLongRules({ patternSteps }: LinkedRoute, { path }: CanonicalRequest): boolean {
  return patternSteps * Math.max(path.length, LEAST_TEXT) > MOST_AT_ONCE;
}
