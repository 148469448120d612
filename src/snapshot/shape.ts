/** Appends to `faults` what is wrong with `value`; faults name paths, never values. */
export type Check = (value: unknown, path: string, faults: string[]) => void;

/** One check for every field of `T`: a field added to the model without a check does not compile. */
export type FieldChecks<T> = { readonly [Field in keyof T]-?: Check };

/** Any string. */
export const text: Check = (value, path, faults) => {
  if (typeof value !== 'string') faults.push(`${path}: is not text`);
};

/** A string with at least one character. */
export const someText: Check = (value, path, faults) => {
  if (typeof value !== 'string' || value === '') faults.push(`${path}: is not text, or empty`);
};

/** A string that `isRight` accepts; `what` says what it should be. */
export function textThat(what: string, isRight: (text: string) => boolean): Check {
  return (value, path, faults) => {
    if (typeof value !== 'string' || !isRight(value)) faults.push(`${path}: is not ${what}`);
  };
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Check {
  return textThat(`one of ${words.join(', ')}`, (word) => words.includes(word));
}

/** A whole number in a range, both ends included. */
export function integer(least: number, most: number): Check {
  return (value, path, faults) => {
    const isRight = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
    if (!isRight) faults.push(`${path}: is not a whole number from ${least} to ${most}`);
  };
}

/** A list whose items all pass. */
export function listOf(check: Check): Check {
  return (value, path, faults) => {
    if (!Array.isArray(value)) faults.push(`${path}: is not a list`);
    else for (let index = 0; index < value.length; index++) check(value[index], `${path}[${index}]`, faults);
  };
}

/** An object with exactly the fields of `T`. */
export function objectOf<T>(fields: FieldChecks<T>): Check {
  const checks: readonly (readonly [string, Check])[] = Object.entries<Check>(fields);
  return (value, path, faults) => {
    if (!isRecord(value)) {
      faults.push(`${path}: is not an object`);
      return;
    }
    for (const [field, check] of checks) check(value[field], `${path}.${field}`, faults);
    for (const field of Object.keys(value)) {
      if (!Object.hasOwn(fields, field)) faults.push(`${path}.${field}: is unknown`);
    }
  };
}

/** An object whose `tag` field says which of `variants` it is. */
export function variantOf<Kind extends string>(tag: string, variants: Readonly<Record<Kind, Check>>): Check {
  const checks = new Map<unknown, Check>(Object.entries<Check>(variants));
  return (value, path, faults) => {
    const check = isRecord(value) ? checks.get(value[tag]) : undefined;
    if (check === undefined) faults.push(`${path}.${tag}: is not one of ${[...checks.keys()].join(', ')}`);
    else check(value, path, faults);
  };
}

/** Whether `value` is an object with named fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
