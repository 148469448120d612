/** Controls, directions of writing, ends of lines, and halves of characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text out of objects, for people: what a terminal would obey, such as colours or a new line that looks like one of ours, is written as its number.
 *
 * @example printable('a\u001b[31mb') // 'a\\u{1b}[31mb'
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
