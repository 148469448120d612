import type { GroupId } from './ids.ts';
import { parseGroupId } from './ids.ts';
import { type Check, integer, listOf, objectOf, oneOf, someText, text, textThat, variantOf } from './shape.ts';

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

/** One condition. Where it has several tests, all must hold. Times are milliseconds: since the epoch, or since midnight for `time_of_day`. */
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

const groupId = textThat('a lower-case GUID', (id) => parseGroupId(id) === id);

/** Wherever a list is evaluated it must have members: an empty `and` would hold for everybody. */
function listOfSome(check: Check): Check {
  return (value, path, faults) => {
    listOf(check)(value, path, faults);
    if (Array.isArray(value) && value.length === 0) faults.push(`${path}: is empty`);
  };
}

function orNull(check: Check): Check {
  return (value, path, faults) => {
    if (value !== null) check(value, path, faults);
  };
}

const valueTest = objectOf<Extract<TextTest, { value: string }>>({ operator: someText, value: text });
const listTest = objectOf<Extract<TextTest, { values: unknown }>>({ operator: someText, values: listOfSome(text) });
const textTest = variantOf<TextTest['operator']>('operator', {
  is: valueTest,
  not: valueTest,
  has: valueTest,
  exclude: valueTest,
  contains: valueTest,
  starts_with: valueTest,
  ends_with: valueTest,
  matches: valueTest,
  in: listTest,
  not_in: listTest,
});

const groupTests = listOfSome(
  objectOf<GroupTest>({ operator: oneOf('any', 'none'), groups: listOf(groupId), names: listOf(someText) }),
);
const rangeTests = listOfSome(objectOf<RangeTest>({ operator: oneOf('in', 'not_in'), ranges: listOfSome(someText) }));
const instant = orNull(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
const timeOfDay = orNull(integer(0, 86_400_000));

const onlyKind = objectOf<{ readonly kind: string }>({ kind: someText });
const textCriterion = objectOf<Extract<Criterion, { kind: TextSubject }>>({
  kind: someText,
  tests: listOfSome(textTest),
});

const criterion = variantOf<Criterion['kind']>('kind', {
  accept: onlyKind,
  reject: onlyKind,
  authenticated_user: onlyKind,
  groups: objectOf<Extract<Criterion, { kind: 'groups' }>>({ kind: someText, tests: groupTests }),
  claim: objectOf<Extract<Criterion, { kind: 'claim' }>>({
    kind: someText,
    claim: someText,
    tests: listOfSome(textTest),
  }),
  roles: textCriterion,
  user: textCriterion,
  tenant: textCriterion,
  email: textCriterion,
  domain: textCriterion,
  http_method: textCriterion,
  http_path: textCriterion,
  source_ip: objectOf<Extract<Criterion, { kind: 'source_ip' }>>({ kind: someText, tests: rangeTests }),
  date: objectOf<Extract<Criterion, { kind: 'date' }>>({ kind: someText, after: instant, before: instant }),
  day_of_week: objectOf<Extract<Criterion, { kind: 'day_of_week' }>>({
    kind: someText,
    days: listOfSome(integer(0, 6)),
    timeZone: someText,
  }),
  time_of_day: objectOf<Extract<Criterion, { kind: 'time_of_day' }>>({
    kind: someText,
    after: timeOfDay,
    before: timeOfDay,
    timeZone: someText,
  }),
});

const block = objectOf<RuleBlock>({ operator: oneOf('and', 'or', 'not', 'nor'), criteria: listOfSome(criterion) });

const program = objectOf<PolicyProgram>({
  mode: oneOf('Enforce', 'Audit'),
  identityProvider: orNull(someText),
  session: objectOf<SessionRequirement>({
    maxAgeSeconds: orNull(integer(1, Number.MAX_SAFE_INTEGER)),
    authContext: orNull(someText),
  }),
  rules: listOfSome(
    objectOf<ProgramRule>({ name: someText, action: oneOf('allow', 'deny'), blocks: listOfSome(block) }),
  ),
  mentions: objectOf<ProgramMentions>({
    groups: listOf(groupId),
    roles: listOf(someText),
    claims: listOf(someText),
  }),
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
