/** Parts of a regular expression in RE2 syntax, as far as their sizes go. */
const parts =
  /\\Q.*?(?:\\E|$)|\\x\{[^}]*\}|\\[pP]\{[^}]*\}|\\.|\[(?:\\.|\[:.*?:\]|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|\(\?P?<[^>]*>|\(\?[a-zA-Z-]*[:)]|./gsu;

/**
 * About how many instructions an expression compiles to, without compiling it: RE2 copies what is repeated, so that 250 characters take a third of a
 * second to become a quarter of a million of them, and to be refused.
 */
export function expandedSize(expression: string): number {
  const open: { readonly before: number; readonly marks: number }[] = [];
  let size = 0;
  let last = 0;
  const add = (atom: number) => {
    size += atom;
    last = atom;
  };
  for (const [part, least, most] of expression.matchAll(parts)) {
    if (least !== undefined) size += last * (Math.max(Number(least), Number(most ?? 0), 1) - 1);
    else if (part.startsWith('(') && !part.endsWith(')')) {
      open.push({ before: size, marks: part.endsWith(':') ? 0 : 2 });
      size = 0;
    } else if (part === ')') {
      const inner = size;
      const group = open.pop() ?? { before: 0, marks: 0 };
      size = group.before;
      add(inner + group.marks);
    } else add(part.startsWith('\\Q') ? part.length : 1);
  }
  return open.reduce((sum, { before }) => sum + before, size);
}

/** What a class such as `\pL` counts as: looking for the other case of its letters takes as long as with a range of so many characters. */
const UNICODE_CLASS = 25_000;

/** At most how many characters the ranges and Unicode classes of an expression cover: where letter case does not count, each takes 15 ns to find its other case. */
export function coveredCharacters(expression: string): number {
  let covered = 0;
  for (const [, hex, character] of expression.matchAll(/-(?:\\x\{([0-9a-fA-F]+)\}|([^\x00-\xff]))/gu)) {
    covered += Math.min(hex === undefined ? (character?.codePointAt(0) ?? 0) : Number.parseInt(hex, 16), 0x10_ffff);
  }
  return covered + UNICODE_CLASS * [...expression.matchAll(/\\[pP]/g)].length;
}
