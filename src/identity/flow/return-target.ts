/** Where to go when the sign-in is done: a path and query of the same host. */
export interface ReturnTarget {
  readonly target: string;
  /** It was too long to carry through the provider's URLs, and lost its query. */
  readonly queryDropped: boolean;
}

/** Characters of a target that is carried whole: with everything else sealed around it a URL stays far below 8 KiB. */
const MAX_TARGET_LENGTH = 2048;

/**
 * Visible ASCII that begins with exactly one slash: `//host` and `/\host` name another host to a browser, and a
 * fragment has no business in a `Location` of ours. What follows the `?` can not name a host.
 */
const SAME_HOST = /^\/(?:[^\x00-\x20\x7f-\uffff\\#?/][^\x00-\x20\x7f-\uffff\\#?]*)?(?:\?[^\x00-\x20\x7f-\uffff#]*)?$/;

/**
 * Reads a target from anywhere. What could leave the host becomes `/`; past 2 KiB the query goes.
 */
export function readReturnTarget(text: string): ReturnTarget {
  if (text.length <= MAX_TARGET_LENGTH) return { target: SAME_HOST.test(text) ? text : '/', queryDropped: false };
  const path = text.slice(0, MAX_TARGET_LENGTH + 1).split('?', 1)[0] ?? '/';
  const fits = path.length <= MAX_TARGET_LENGTH && SAME_HOST.test(path);
  return { target: fits ? path : '/', queryDropped: true };
}
