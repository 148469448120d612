import type { GroupId } from './ids.ts';
import { parseGroupId } from './ids.ts';

/**
 * A Policy after compilation: plain, frozen data that survives a structured clone. Everything in it has been checked
 * (regular expressions, ranges, zones, GUIDs), and nothing of it is code.
 */
export interface PolicyProgram {
  readonly mode: 'Enforce' | 'Audit';
  /** Name of the IdentityProvider whose principals these rules are about; null: that of the route. */
  readonly identityProvider: string | null;
  readonly session: SessionRequirement;
  readonly rules: readonly ProgramRule[];
  readonly mentions: ProgramMentions;
}

/** What a sign-in must have been like for an `allow` of this policy to count. */
export interface SessionRequirement {
  /** Longest time since the user last authenticated (`auth_time`), in seconds. */
  readonly maxAgeSeconds: number | null;
  /** Entra authentication context (`c1` … `c99`) that must be in `acrs`. */
  readonly authContext: string | null;
}

/** Every fact about a user that some criterion asks for: sorted, without duplicates. */
export interface ProgramMentions {
  readonly groups: readonly GroupId[];
  readonly roles: readonly string[];
  readonly claims: readonly string[];
}

/** `name` is where users find the rule in their object: `groups`, `roles`, `users`, `rules[0].allow`. */
export interface ProgramRule {
  readonly name: string;
  readonly action: 'allow' | 'deny';
  /** Alternatives: the rule matches when any block does (as PPL documents for several operators in one rule). */
  readonly blocks: readonly RuleBlock[];
}

/** `and`: all. `or`: at least one. `not`: none. `nor`: not all. */
export interface RuleBlock {
  readonly operator: 'and' | 'or' | 'not' | 'nor';
  readonly criteria: readonly Criterion[];
}

export type Criterion =
  | { readonly kind: 'accept' }
  | { readonly kind: 'reject' }
  | { readonly kind: 'authenticated_user' }
  | { readonly kind: 'groups'; readonly tests: readonly GroupTest[] }
  | { readonly kind: TextSubject; readonly tests: readonly TextTest[] }
  | { readonly kind: 'claim'; readonly claim: string; readonly tests: readonly TextTest[] }
  | { readonly kind: 'source_ip'; readonly tests: readonly RangeTest[] }
  | { readonly kind: 'date'; readonly after: number | null; readonly before: number | null }
  | { readonly kind: 'day_of_week'; readonly days: readonly number[]; readonly timeZone: string }
  | {
      readonly kind: 'time_of_day';
      readonly after: number | null;
      readonly before: number | null;
      readonly timeZone: string;
    };

/** What text tests are about, apart from claims. `user` is the object id, `tenant` the tenant id: both in lower case. */
export type TextSubject = 'roles' | 'user' | 'tenant' | 'email' | 'domain' | 'http_method' | 'http_path';

/** All tests of a criterion must hold. */
export type TextTest =
  | {
      readonly operator: 'is' | 'not' | 'has' | 'exclude' | 'contains' | 'starts_with' | 'ends_with' | 'matches';
      readonly value: string;
    }
  | { readonly operator: 'in' | 'not_in'; readonly values: readonly string[] };

/** `names` are the values of a `claim/groups` criterion that are no GUID: whether a user is in them is never known. */
export interface GroupTest {
  readonly operator: 'any' | 'none';
  readonly groups: readonly GroupId[];
  readonly names: readonly string[];
}

/** CIDR notation, canonical, IPv4 or IPv6. */
export interface RangeTest {
  readonly operator: 'in' | 'not_in';
  readonly ranges: readonly string[];
}

type Check = (value: unknown, path: string, faults: string[]) => void;

const text: Check = (value, path, faults) => {
  if (typeof value !== 'string' || value === '') faults.push(`${path}: is not text`);
};

const groupId: Check = (value, path, faults) => {
  if (typeof value !== 'string' || parseGroupId(value) !== value) faults.push(`${path}: is not a lower-case GUID`);
};

function oneOf(...words: readonly string[]): Check {
  return (value, path, faults) => {
    if (typeof value !== 'string' || !words.includes(value)) faults.push(`${path}: is not one of ${words.join(', ')}`);
  };
}

function integer(least: number, most: number): Check {
  return (value, path, faults) => {
    const isInRange = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
    if (!isInRange) faults.push(`${path}: is not a whole number from ${least} to ${most}`);
  };
}

function orNull(check: Check): Check {
  return (value, path, faults) => {
    if (value !== null) check(value, path, faults);
  };
}

function list(check: Check): Check {
  return (value, path, faults) => {
    if (!Array.isArray(value)) faults.push(`${path}: is not a list`);
    else for (const [index, item] of value.entries()) check(item, `${path}[${index}]`, faults);
  };
}

/** Wherever a list is evaluated it must have members: an empty `and` would hold for everybody. */
function listOfSome(check: Check): Check {
  return (value, path, faults) => {
    list(check)(value, path, faults);
    if (Array.isArray(value) && value.length === 0) faults.push(`${path}: is empty`);
  };
}

/** An object with exactly these fields. */
function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, path, faults) => {
    if (!isRecord(value)) {
      faults.push(`${path}: is not an object`);
      return;
    }
    for (const [field, check] of Object.entries(fields)) check(value[field], `${path}.${field}`, faults);
    for (const field of Object.keys(value)) {
      if (!Object.hasOwn(fields, field)) faults.push(`${path}.${field}: is unknown`);
    }
  };
}

/** An object whose `field` says which of `variants` it is. */
function variant(field: string, variants: ReadonlyMap<unknown, Check>): Check {
  return (value, path, faults) => {
    const check = isRecord(value) ? variants.get(value[field]) : undefined;
    if (check === undefined) faults.push(`${path}.${field}: is unknown`);
    else check(value, path, faults);
  };
}

function sameFor(keys: readonly string[], check: Check): readonly (readonly [unknown, Check])[] {
  return keys.map((key) => [key, check] as const);
}

const anyText: Check = (value, path, faults) => {
  if (typeof value !== 'string') faults.push(`${path}: is not text`);
};

const textTest = variant(
  'operator',
  new Map([
    ...sameFor(
      ['is', 'not', 'has', 'exclude', 'contains', 'starts_with', 'ends_with', 'matches'],
      object({ operator: text, value: anyText }),
    ),
    ...sameFor(['in', 'not_in'], object({ operator: text, values: listOfSome(anyText) })),
  ]),
);
const groupTest = object({ operator: oneOf('any', 'none'), groups: list(groupId), names: list(text) });
const rangeTest = object({ operator: oneOf('in', 'not_in'), ranges: listOfSome(text) });
const instant = orNull(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
const timeOfDay = orNull(integer(0, 86_400_000));

const criterion = variant(
  'kind',
  new Map([
    ...sameFor(['accept', 'reject', 'authenticated_user'], object({ kind: text })),
    ...sameFor(['groups'], object({ kind: text, tests: listOfSome(groupTest) })),
    ...sameFor(
      ['roles', 'user', 'tenant', 'email', 'domain', 'http_method', 'http_path'],
      object({ kind: text, tests: listOfSome(textTest) }),
    ),
    ...sameFor(['claim'], object({ kind: text, claim: text, tests: listOfSome(textTest) })),
    ...sameFor(['source_ip'], object({ kind: text, tests: listOfSome(rangeTest) })),
    ...sameFor(['date'], object({ kind: text, after: instant, before: instant })),
    ...sameFor(['day_of_week'], object({ kind: text, days: listOfSome(integer(0, 6)), timeZone: text })),
    ...sameFor(['time_of_day'], object({ kind: text, after: timeOfDay, before: timeOfDay, timeZone: text })),
  ]),
);

const program = object({
  mode: oneOf('Enforce', 'Audit'),
  identityProvider: orNull(text),
  session: object({ maxAgeSeconds: orNull(integer(1, Number.MAX_SAFE_INTEGER)), authContext: orNull(text) }),
  rules: listOfSome(
    object({
      name: text,
      action: oneOf('allow', 'deny'),
      blocks: listOfSome(object({ operator: oneOf('and', 'or', 'not', 'nor'), criteria: listOfSome(criterion) })),
    }),
  ),
  mentions: object({ groups: list(groupId), roles: list(text), claims: list(text) }),
});

/**
 * Checks the shape of a program that crossed the process border.
 *
 * @returns what is wrong, one line each with its path; empty when `value` is a {@link PolicyProgram}
 */
export function validatePolicyProgram(value: unknown): readonly string[] {
  const faults: string[] = [];
  program(value, 'program', faults);
  return faults;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
