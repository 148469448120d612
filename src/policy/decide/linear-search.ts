/**
 * Looks for a part in texts, in time linear in the text (Knuth, Morris and Pratt). `String.includes` may take as long as the product of both, and policies and
 * paths are both somebody's choice: a hundred parts of 900 characters in a path of 60,000 took four seconds.
 */
export function linearSearch(part: string): (text: string) => boolean {
  const codes = Uint16Array.from({ length: part.length }, (_, at) => part.charCodeAt(at));
  const borders = bordersOf(codes);
  return (text) => {
    let matched = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      while (matched > 0 && codes[matched] !== code) matched = borders[matched - 1] ?? 0;
      if (codes[matched] === code && ++matched === codes.length) return true;
    }
    return false;
  };
}

/** For each beginning: characters of the longest shorter one that it also ends with. */
function bordersOf(codes: Uint16Array): Uint16Array {
  const borders = new Uint16Array(codes.length);
  let matched = 0;
  for (let at = 1; at < codes.length; at++) {
    while (matched > 0 && codes[matched] !== codes[at]) matched = borders[matched - 1] ?? 0;
    if (codes[matched] === codes[at]) matched++;
    borders[at] = matched;
  }
  return borders;
}
