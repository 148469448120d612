import { printable } from '../api/printable.ts';

const MOST_BYTES = 1024;
const ELLIPSIS = ' …';

/**
 * Joins sentences into the note of an Event (events.k8s.io/v1: at most 1,024 bytes of UTF-8). What does not fit is left
 * out from the end; a character is never cut in two. What is no character to read stands as its number.
 */
export function eventText(sentences: readonly string[]): string {
  const text = printable(enough(sentences).join(' '));
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  let kept = '';
  let bytes = Buffer.byteLength(ELLIPSIS);
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MOST_BYTES) break;
    kept += character;
  }
  return `${kept.trimEnd()}${ELLIPSIS}`;
}

/** Without those that nothing would be left of. A text of so many characters has as many bytes at least, and what stands for one has no fewer. */
function enough(sentences: readonly string[]): readonly string[] {
  let characters = 0;
  const end = sentences.findIndex(({ length }) => {
    characters += length;
    return characters > MOST_BYTES;
  });
  return end === -1 ? sentences : sentences.slice(0, end + 1);
}
