/** Something in an object that makes it invalid (error) or probably not what was meant (warning). */
interface PolicyFinding {
  /** Where, as users write it: `spec.rules[0].allow.and[1].claim/groups`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/** Makes the policy invalid: its routes deny. */
export type PolicyError = PolicyFinding;
/** Valid, and probably not meant. */
export type PolicyWarning = PolicyFinding;

/** Outcome of reading one piece of untrusted text. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Errors that one object is told of: more help nobody, and an object must not fill logs and statuses. */
const mostErrors = 50;
/** Of a path or message: keys of an object, which stand in both, may be as long as the object. */
const longestText = 300;

/** Collects the errors of one object, so that its author sees them together. */
export interface ErrorSink {
  readonly errors: PolicyError[];
}

/** Records an error. Returns null, the value of every parser that failed. */
export function fail(sink: ErrorSink, path: string, message: string, hint: string): null {
  if (sink.errors.length < mostErrors) sink.errors.push({ path: cut(path), message: cut(message), hint });
  return null;
}

/** No half of a character is left: an API server would store another one, and what it shows would differ for ever from what is to be shown. */
function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText).toWellFormed()}…` : text;
}
