import { decodeReservedCharacters } from '../../snapshot/canonical-path.ts';
import type { Criterion, GroupTest, RangeTest, TextSubject, TextTest } from '../../snapshot/policy-program.ts';
import { isInRange, parseIpAddress, parseIpRange } from '../ip-range.ts';
import {
  both,
  either,
  known,
  type Outcome,
  opposite,
  outcomeFalse,
  outcomeTrue,
  outcomeUnasked,
  outcomeUnknown,
} from '../outcome.ts';
import { parseTimeZone, zoneClock } from '../time-zone.ts';
import { type ClaimFact, claimAbsent, claimNotIssued, type GroupFacts, type Principal } from './principal.ts';
import type { RequestFacts } from './request-facts.ts';
import { linkTextTests, type TextMatcher } from './text-matcher.ts';

/** Somebody who has signed in: rules are about nobody else. */
export type KnownPrincipal = Exclude<Principal, { kind: 'anonymous' }>;

/** @param now milliseconds since the epoch */
export type Evaluate = (principal: KnownPrincipal, facts: RequestFacts, now: number) => Outcome;

const nobody: ReadonlySet<string> = new Set();
const day = 86_400_000;

/** Prepares a criterion for evaluation: patterns compiled, ranges read, sets built. */
export function linkCriterion(criterion: Criterion): Evaluate {
  switch (criterion.kind) {
    case 'accept':
      return () => outcomeTrue;
    case 'reject':
      return () => outcomeFalse;
    case 'authenticated_user':
      return (principal) => known(principal.kind === 'user');
    case 'groups':
      return all(criterion.tests.map(linkGroupTest));
    case 'claim': {
      const { claim } = criterion;
      const matcher = linkTextTests(criterion.tests, false);
      return (principal) =>
        principal.kind === 'user' ? matchClaim(principal.claims.get(claim), matcher) : outcomeUnknown;
    }
    case 'source_ip':
      return linkRanges(criterion.tests);
    case 'date': {
      const { after, before } = criterion;
      return (_principal, _facts, now) => known((after === null || now >= after) && (before === null || now < before));
    }
    case 'day_of_week': {
      const days = new Set(criterion.days);
      return onClock(criterion.timeZone, (local) => days.has(new Date(local).getUTCDay()));
    }
    case 'time_of_day': {
      const { after, before } = criterion;
      return onClock(criterion.timeZone, (local) => {
        const time = ((local % day) + day) % day;
        return (after === null || time >= after) && (before === null || time < before);
      });
    }
    case 'roles':
    case 'user':
    case 'tenant':
    case 'email':
    case 'domain':
    case 'http_method':
    case 'http_path':
      return linkText(criterion.kind, criterion.tests);
    default:
      return criterion satisfies never;
  }
}

function linkText(subject: TextSubject, tests: readonly TextTest[]): Evaluate {
  const matcher = linkTextTests(tests, subject === 'email' || subject === 'domain');
  switch (subject) {
    case 'roles':
      return ({ roles }) => (roles === 'unknown' ? outcomeUnknown : matcher.many(roles));
    case 'user':
      return (principal) => (principal.kind === 'user' ? matcher.one(principal.oid) : outcomeUnknown);
    case 'tenant':
      return (principal) => matcher.one(principal.tid);
    case 'email':
      return (principal) => matchEmail(principal, matcher, (address) => address);
    case 'domain':
      return (principal) => matchEmail(principal, matcher, domainOf);
    case 'http_method':
      return (_principal, facts) => matcher.one(facts.method);
    case 'http_path':
      return (_principal, facts) => matchPath(facts.path, matcher);
    default:
      return subject satisfies never;
  }
}

function linkGroupTest(test: GroupTest): Evaluate {
  const { groups } = test;
  const isNamed = test.names.length > 0;
  const isMember: Evaluate = (principal) => {
    if (principal.kind !== 'user') return outcomeUnknown;
    let outcome: Outcome = isNamed ? outcomeUnknown : outcomeFalse;
    for (const id of groups) {
      const answer = principal.groups.has(id);
      if (answer === 'yes') return outcomeTrue;
      if (answer === 'unknown') outcome = either(outcome, unknownMembership(principal.groups));
    }
    return outcome;
  };
  return test.operator === 'any' ? isMember : (principal, facts, now) => opposite(isMember(principal, facts, now));
}

function unknownMembership(groups: GroupFacts): Outcome {
  return groups.unknownBecause === 'not-mentioned-at-sign-in' ? outcomeUnasked : outcomeUnknown;
}

function matchClaim(fact: ClaimFact | undefined, matcher: TextMatcher): Outcome {
  if (fact === undefined) return outcomeUnasked;
  if (fact === claimNotIssued) return outcomeUnknown;
  if (fact === claimAbsent) return matcher.many(nobody);
  if (typeof fact === 'string') return matcher.one(fact);
  if (typeof fact === 'number' || typeof fact === 'boolean') return matcher.one(String(fact));
  return matcher.many(membersOf.getOrInsertComputed(fact, asSet));
}

/** By the list of a session: made for each of ten thousand criteria about a claim of a hundred members, it took 34 ms of every request. */
const membersOf = new WeakMap<readonly unknown[], ReadonlySet<string>>();

function asSet(list: readonly unknown[]): ReadonlySet<string> {
  return new Set(list.map(String));
}

function matchPath(path: string, matcher: TextMatcher): Outcome {
  const outcome = matcher.one(path);
  const decoded = decodedPath(path);
  return decoded === path || matcher.one(decoded) === outcome ? outcome : outcomeUnknown;
}

/** All rules of a decision ask about one path, of up to 60,000 characters: decoded for each, it took fifteen seconds. */
const decodedPath = rememberingLast(decodeReservedCharacters);

/** Ten thousand criteria about addresses would read the one of the client for each. */
const sourceAddress = rememberingLast(parseIpAddress);

/** A pure function of a text, which keeps its last answer. */
function rememberingLast<R>(compute: (text: string) => R): (text: string) => R {
  let last: { readonly text: string; readonly answer: R } | null = null;
  return (text) => {
    if (last?.text !== text) last = { text, answer: compute(text) };
    return last.answer;
  };
}

/** Addresses compare without letter case: a deny rule must not be escaped by writing the address differently. */
function matchEmail(
  principal: KnownPrincipal,
  matcher: TextMatcher,
  part: (address: string) => string | null,
): Outcome {
  if (principal.kind !== 'user') return outcomeUnknown;
  const fact = principal.claims.get('email');
  if (fact === undefined || typeof fact === 'symbol') return matchClaim(fact, matcher);
  if (typeof fact !== 'string') return outcomeUnknown;
  const text = part(fact.toLowerCase());
  return text === null ? outcomeUnknown : matcher.one(text);
}

function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@');
  return at < 1 || at === address.length - 1 ? null : address.slice(at + 1);
}

function linkRanges(tests: readonly RangeTest[]): Evaluate {
  const linked = tests.map((test) => ({
    expected: test.operator === 'in',
    readings: test.ranges.map((range) => parseIpRange(range)),
  }));
  const isUsable = linked.every((test) => test.readings.every((reading) => reading.ok));
  return (_principal, facts) => {
    const address = facts.sourceIp === null ? null : sourceAddress(facts.sourceIp);
    if (address === null || !isUsable) return outcomeUnknown;
    return known(
      linked.every(
        (test) => test.readings.some((reading) => reading.ok && isInRange(address, reading.value)) === test.expected,
      ),
    );
  };
}

function onClock(timeZone: string, holds: (local: number) => boolean): Evaluate {
  if (parseTimeZone(timeZone) === null) return () => outcomeUnknown;
  const clock = zoneClock(timeZone);
  return (_principal, _facts, now) => known(holds(clock.localTime(now)));
}

function all(evaluations: readonly Evaluate[]): Evaluate {
  const [first] = evaluations;
  if (first !== undefined && evaluations.length === 1) return first;
  return (principal, facts, now) =>
    evaluations.reduce<Outcome>((outcome, evaluate) => both(outcome, evaluate(principal, facts, now)), outcomeTrue);
}
