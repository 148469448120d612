/** Something in an object that makes it invalid (error) or probably not what was meant (warning). */
export interface PolicyFinding {
  /** Where, as users write it: `spec.rules[0].allow.and[1].claim/groups`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

export type PolicyError = PolicyFinding;
export type PolicyWarning = PolicyFinding;

/** Outcome of reading one piece of untrusted text. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Collects the errors of one object, so that its author sees all of them at once. */
export interface ErrorSink {
  readonly errors: PolicyError[];
}

/** Records an error. Returns null, the value of every parser that failed. */
export function fail(sink: ErrorSink, path: string, message: string, hint: string): null {
  sink.errors.push({ path, message, hint });
  return null;
}
