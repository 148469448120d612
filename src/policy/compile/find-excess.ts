import type { PolicyError } from '../policy-error.ts';
import { longestPattern } from '../re2.ts';
import { coveredCharacters, expandedSize } from './pattern-size.ts';
import { MOST_PATTERN_STEPS, MOST_VALUES } from './policy-cost.ts';

const mostPatterns = 32;
/** Above what is allowed in the end, since before it is compiled a size is a guess. */
const mostExpanded = 4 * MOST_PATTERN_STEPS;
const mostCovered = 400_000;

/**
 * What of the `rules` of a policy is more than is read at all: 1.5 MB of them, which an API server takes, could keep the process from everything
 * else for a minute before anything of it was refused (ISOLATED).
 */
export function findExcess(rules: unknown, path: string): readonly PolicyError[] {
  const { values, patterns } = measure(rules);
  const errors: PolicyError[] = [];
  const excess = (message: string, hint: string) => errors.push({ path, message, hint });
  if (values > MOST_VALUES) {
    excess(`holds ${values} values`, `Write at most ${MOST_VALUES}: put users into groups, or use several policies.`);
  }
  if (patterns.length > mostPatterns) {
    excess(`holds ${patterns.length} regular expressions`, `Write at most ${mostPatterns} \`matches\`.`);
    return errors;
  }
  const steps = patterns.reduce((sum, pattern) => sum + expandedSize(pattern), 0);
  if (steps > mostExpanded) {
    excess(`holds regular expressions of some ${steps} steps together, once repetitions are expanded`, stepsHint);
  }
  if (patterns.reduce((sum, pattern) => sum + coveredCharacters(pattern), 0) > mostCovered) {
    const hint = 'Use fewer ranges beyond U+00FF and fewer classes such as \\pL, or write what is to be compared.';
    excess('holds regular expressions whose classes cover too many characters', hint);
  }
  return errors;
}

/** What to write instead of patterns that take too many steps. */
export const stepsHint = `At most ${MOST_PATTERN_STEPS} are allowed: use smaller repetition counts, or \`in\` and \`starts_with\`.`;

/**
 * With a list of what is still to look at: recursion is for what was found to be flat. An expression that is too long is left to its parser, which
 * refuses it unread: what its size is guessed by would read 400 kB of openings without ends for 18 s.
 */
function measure(rules: unknown): { readonly values: number; readonly patterns: readonly string[] } {
  const patterns: string[] = [];
  let values = 0;
  const left: (readonly [key: string, value: unknown])[] = [['', rules]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [key, value] = next;
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (entries.length === 0) values += 1;
    if (key === 'matches' && typeof value === 'string' && value.length <= longestPattern) patterns.push(value);
    for (const entry of entries) left.push(entry);
  }
  return { values, patterns };
}
