import { RE2JS, RE2JSException } from 're2js';
import { noteUse } from './pattern-memory.ts';
import type { Reading } from './policy-error.ts';

/** A regular expression in RE2 syntax: matched in time linear in the text, whatever the expression. */
export interface Pattern {
  /** Instructions it compiles to: what one character of text costs at most. */
  readonly size: number;
  /** Whether the whole of `text` matches. */
  matchesWhole(text: string): boolean;
}

/** Characters an expression may have. */
export const longestPattern = 256;

/** Instructions a compiled expression may have: `.{100}` has about a hundred. Bounds the work per character of text. */
const largestProgram = 500;

/** Characters of the longest text that is tested; for longer ones the answer is unknown. Bounds the work per request. */
export const longestMatchedText = 2048;

/**
 * Compiles an expression that a user wrote (RE2 syntax: no look-around, no back references).
 *
 * @param foldCase match without regard to letter case
 */
export function compilePattern(expression: string, foldCase: boolean): Reading<Pattern> {
  if (expression.length > longestPattern) {
    return refused('is too long', `Write at most ${longestPattern} characters, or several criteria.`);
  }
  try {
    const compile = () => RE2JS.compile(expression, foldCase ? RE2JS.CASE_INSENSITIVE : 0);
    const compiled = compile();
    const size = compiled.programSize();
    if (size > largestProgram) {
      return refused('is too large once repetitions are expanded', 'Use smaller repetition counts.');
    }
    return { ok: true, value: { size, matchesWhole: boundedTest(compile, compiled) } };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return refused(
      `is not valid: ${error.message.replace('error parsing regexp: ', '')}`,
      'Write RE2 syntax, https://github.com/google/re2/wiki/Syntax: no look-around, no back references.',
    );
  }
}

function boundedTest(compile: () => RE2JS, compiled: RE2JS): (text: string) => boolean {
  let present: RE2JS | null = compiled;
  const forget = () => {
    present = null;
  };
  return (text) => {
    present ??= compile();
    const doesMatch = present.testExact(text);
    noteUse(forget, tableBytes(present));
    return doesMatch;
  };
}

/** By RE2JS's own count, which it holds its tables by. It has none before it needs one. */
function tableBytes({ re2Input }: RE2JS): number {
  const tables: RE2JS['re2Input']['lazyDFA'] | null = re2Input.lazyDFA;
  return tables === null ? 0 : tables.maxMem - tables.memBudget;
}

function refused(problem: string, hint: string): Reading<Pattern> {
  return { ok: false, message: `the regular expression ${problem}`, hint };
}
