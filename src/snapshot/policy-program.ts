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

const dayMilliseconds = 86_400_000;
const actions = new Set(['allow', 'deny']);
const operators = new Set(['and', 'or', 'not', 'nor']);
const valueOperators = new Set(['is', 'not', 'has', 'exclude', 'contains', 'starts_with', 'ends_with', 'matches']);
const listOperators = new Set(['in', 'not_in']);

/**
 * Checks the shape of a program that crossed the process border.
 *
 * @returns what is wrong, one line each with its path; empty when `value` is a {@link PolicyProgram}
 */
export function validatePolicyProgram(value: unknown): readonly string[] {
  const faults: string[] = [];
  if (!isRecord(value)) return ['program: is not an object'];
  onlyFields(value, ['mode', 'identityProvider', 'session', 'rules', 'mentions'], 'program', faults);
  if (value.mode !== 'Enforce' && value.mode !== 'Audit') faults.push('mode: is neither Enforce nor Audit');
  if (value.identityProvider !== null && !isText(value.identityProvider))
    faults.push('identityProvider: is not a name');
  checkSession(value.session, faults);
  each(value.rules, 'rules', faults, checkRule);
  checkMentions(value.mentions, faults);
  return faults;
}

function checkSession(value: unknown, faults: string[]): void {
  if (!isRecord(value)) {
    faults.push('session: is not an object');
    return;
  }
  onlyFields(value, ['maxAgeSeconds', 'authContext'], 'session', faults);
  const { maxAgeSeconds, authContext } = value;
  if (maxAgeSeconds !== null && !(isInteger(maxAgeSeconds) && maxAgeSeconds > 0)) {
    faults.push('session.maxAgeSeconds: is not a positive number of seconds');
  }
  if (authContext !== null && !isText(authContext)) faults.push('session.authContext: is not a context');
}

function checkMentions(value: unknown, faults: string[]): void {
  if (!isRecord(value)) {
    faults.push('mentions: is not an object');
    return;
  }
  onlyFields(value, ['groups', 'roles', 'claims'], 'mentions', faults);
  each(value.groups, 'mentions.groups', faults, checkGroupId);
  each(value.roles, 'mentions.roles', faults, checkText);
  each(value.claims, 'mentions.claims', faults, checkText);
}

function checkRule(value: unknown, path: string, faults: string[]): void {
  if (!isRecord(value)) {
    faults.push(`${path}: is not an object`);
    return;
  }
  onlyFields(value, ['name', 'action', 'blocks'], path, faults);
  if (!isText(value.name)) faults.push(`${path}.name: is not a name`);
  if (!isOneOf(actions, value.action)) faults.push(`${path}.action: is neither allow nor deny`);
  eachOfSome(value.blocks, `${path}.blocks`, faults, checkBlock);
}

function checkBlock(value: unknown, path: string, faults: string[]): void {
  if (!isRecord(value)) {
    faults.push(`${path}: is not an object`);
    return;
  }
  onlyFields(value, ['operator', 'criteria'], path, faults);
  if (!isOneOf(operators, value.operator)) faults.push(`${path}.operator: is unknown`);
  eachOfSome(value.criteria, `${path}.criteria`, faults, checkCriterion);
}

function checkCriterion(value: unknown, path: string, faults: string[]): void {
  if (!isRecord(value)) {
    faults.push(`${path}: is not an object`);
    return;
  }
  switch (value.kind) {
    case 'accept':
    case 'reject':
    case 'authenticated_user':
      return onlyFields(value, ['kind'], path, faults);
    case 'groups':
      onlyFields(value, ['kind', 'tests'], path, faults);
      return eachOfSome(value.tests, `${path}.tests`, faults, checkGroupTest);
    case 'claim':
      onlyFields(value, ['kind', 'claim', 'tests'], path, faults);
      checkText(value.claim, `${path}.claim`, faults);
      return eachOfSome(value.tests, `${path}.tests`, faults, checkTextTest);
    case 'roles':
    case 'user':
    case 'tenant':
    case 'email':
    case 'domain':
    case 'http_method':
    case 'http_path':
      onlyFields(value, ['kind', 'tests'], path, faults);
      return eachOfSome(value.tests, `${path}.tests`, faults, checkTextTest);
    case 'source_ip':
      onlyFields(value, ['kind', 'tests'], path, faults);
      return eachOfSome(value.tests, `${path}.tests`, faults, checkRangeTest);
    case 'date':
      onlyFields(value, ['kind', 'after', 'before'], path, faults);
      return checkLimits(value, Number.MAX_SAFE_INTEGER, path, faults);
    case 'day_of_week':
      onlyFields(value, ['kind', 'days', 'timeZone'], path, faults);
      checkText(value.timeZone, `${path}.timeZone`, faults);
      return eachOfSome(value.days, `${path}.days`, faults, checkDay);
    case 'time_of_day':
      onlyFields(value, ['kind', 'after', 'before', 'timeZone'], path, faults);
      checkText(value.timeZone, `${path}.timeZone`, faults);
      return checkLimits(value, dayMilliseconds, path, faults);
    default:
      faults.push(`${path}.kind: is unknown`);
  }
}

function checkGroupTest(value: unknown, path: string, faults: string[]): void {
  if (!isRecord(value) || (value.operator !== 'any' && value.operator !== 'none')) {
    faults.push(`${path}: is not a group test`);
    return;
  }
  onlyFields(value, ['operator', 'groups', 'names'], path, faults);
  each(value.groups, `${path}.groups`, faults, checkGroupId);
  each(value.names, `${path}.names`, faults, checkText);
}

function checkTextTest(value: unknown, path: string, faults: string[]): void {
  if (isRecord(value) && isOneOf(valueOperators, value.operator) && typeof value.value === 'string') {
    onlyFields(value, ['operator', 'value'], path, faults);
  } else if (isRecord(value) && isOneOf(listOperators, value.operator)) {
    onlyFields(value, ['operator', 'values'], path, faults);
    eachOfSome(value.values, `${path}.values`, faults, (text, at) => {
      if (typeof text !== 'string') faults.push(`${at}: is not text`);
    });
  } else {
    faults.push(`${path}: is not a text test`);
  }
}

function checkRangeTest(value: unknown, path: string, faults: string[]): void {
  if (!isRecord(value) || !isOneOf(listOperators, value.operator)) {
    faults.push(`${path}: is not a range test`);
    return;
  }
  onlyFields(value, ['operator', 'ranges'], path, faults);
  eachOfSome(value.ranges, `${path}.ranges`, faults, checkText);
}

function checkLimits(value: Readonly<Record<string, unknown>>, limit: number, path: string, faults: string[]): void {
  for (const field of ['after', 'before']) {
    const at = value[field];
    if (at !== null && !(isInteger(at) && Math.abs(at) <= limit)) faults.push(`${path}.${field}: is not a time`);
  }
}

function checkDay(value: unknown, path: string, faults: string[]): void {
  if (!(isInteger(value) && value >= 0 && value <= 6)) faults.push(`${path}: is not a day, 0 (Sunday) to 6`);
}

function checkGroupId(value: unknown, path: string, faults: string[]): void {
  if (typeof value !== 'string' || parseGroupId(value) !== value) faults.push(`${path}: is not a lower-case GUID`);
}

function checkText(value: unknown, path: string, faults: string[]): void {
  if (!isText(value)) faults.push(`${path}: is not text`);
}

type Check = (value: unknown, path: string, faults: string[]) => void;

function each(value: unknown, path: string, faults: string[], check: Check): void {
  if (!Array.isArray(value)) {
    faults.push(`${path}: is not a list`);
    return;
  }
  for (const [index, item] of value.entries()) check(item, `${path}[${index}]`, faults);
}

/** An empty `and` would hold for everybody, so that a list must have members wherever one is evaluated. */
function eachOfSome(value: unknown, path: string, faults: string[], check: Check): void {
  each(value, path, faults, check);
  if (Array.isArray(value) && value.length === 0) faults.push(`${path}: is empty`);
}

function onlyFields(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
  faults: string[],
): void {
  for (const field of Object.keys(value)) if (!known.includes(field)) faults.push(`${path}.${field}: is unknown`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isOneOf(names: ReadonlySet<string>, value: unknown): boolean {
  return typeof value === 'string' && names.has(value);
}
