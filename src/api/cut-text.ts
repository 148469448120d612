/**
 * The beginning of a text, as the API server takes it and gives it back: of half a character it makes U+FFFD, and what is shown would differ for ever
 * from what is to be shown.
 *
 * @param longest in UTF-16 code units
 */
export function cutText(text: string, longest: number): string {
  return text.slice(0, longest).toWellFormed();
}
