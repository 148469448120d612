/** A text out of an object, for a message: in quotes, so that no control character gets through, and short, since it may be as long as the object. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
