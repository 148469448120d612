import type { TextTest } from '../../snapshot/policy-program.ts';
import { both, known, type Outcome, outcomeFalse, outcomeTrue, outcomeUnknown } from '../outcome.ts';
import { compilePattern, longestMatchedText } from '../re2.ts';
import { hasPart } from './linear-search.ts';

/** The tests of one criterion, ready to be applied. */
export interface TextMatcher {
  one(text: string): Outcome;
  /** Applied to a list: no prefix, substring or pattern, since these would hold for members nobody meant. */
  many(texts: ReadonlySet<string>): Outcome;
}

/** @param foldCase whether patterns match without regard to letter case */
export function linkTextTests(tests: readonly TextTest[], foldCase: boolean): TextMatcher {
  const matchers = tests.map((test) => linkTextTest(test, foldCase));
  const [first] = matchers;
  if (first !== undefined && matchers.length === 1) return first;
  return {
    one: (text) => matchers.reduce<Outcome>((outcome, matcher) => both(outcome, matcher.one(text)), outcomeTrue),
    many: (texts) => matchers.reduce<Outcome>((outcome, matcher) => both(outcome, matcher.many(texts)), outcomeTrue),
  };
}

function linkTextTest(test: TextTest, foldCase: boolean): TextMatcher {
  switch (test.operator) {
    case 'is':
      return {
        one: (text) => known(text === test.value),
        many: (texts) => known(texts.size === 1 && texts.has(test.value)),
      };
    case 'has':
      return { one: (text) => known(text === test.value), many: (texts) => known(texts.has(test.value)) };
    case 'not':
    case 'exclude':
      return { one: (text) => known(text !== test.value), many: (texts) => known(!texts.has(test.value)) };
    case 'in':
    case 'not_in': {
      const values = new Set(test.values);
      const expected = test.operator === 'in';
      return {
        one: (text) => known(values.has(text) === expected),
        many: (texts) => known(sharesMember(values, texts) === expected),
      };
    }
    case 'contains':
      return { one: linkPart(test.value), many: notOnLists };
    case 'starts_with':
      return { one: (text) => known(text.startsWith(test.value)), many: notOnLists };
    case 'ends_with':
      return { one: (text) => known(text.endsWith(test.value)), many: notOnLists };
    case 'matches':
      return { one: linkPattern(test.value, foldCase), many: notOnLists };
    default:
      return test satisfies never;
  }
}

/** Characters of part by characters of text: up to here it is not worth while to prepare for the worst. */
const LEAST_PREPARED = 4_096;

function linkPart(part: string): (text: string) => Outcome {
  return (text) => {
    if (text.length > longestMatchedText) return outcomeUnknown;
    return known(part.length * text.length <= LEAST_PREPARED ? text.includes(part) : hasPart(text, part));
  };
}

function linkPattern(expression: string, foldCase: boolean): (text: string) => Outcome {
  const pattern = compilePattern(expression, foldCase);
  if (!pattern.ok) return () => outcomeUnknown;
  return (text) => (text.length > longestMatchedText ? outcomeUnknown : known(pattern.value.matchesWhole(text)));
}

function notOnLists(texts: ReadonlySet<string>): Outcome {
  return texts.size === 0 ? outcomeFalse : outcomeUnknown;
}

function sharesMember(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const member of b) if (a.has(member)) return true;
  return false;
}
