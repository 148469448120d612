import { inspect } from 'node:util';

/** A value that no printing path shows: not `String`, not JSON, not `util.inspect`, not structured clone. Only {@link Redacted.reveal} gives it out. */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Every call site is a place to review. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
