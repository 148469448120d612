/** Most bytes that the patterns of this process may keep of the texts that they have seen, all together. */
const MOST_BYTES = 32 * 1024 * 1024;
/** RE2JS keeps no more for one pattern. */
const MOST_OF_ONE = 8 * 1024 * 1024;

/** Of patterns that have seen texts, the one used last at the end: how to make them forget, and what they keep at most. */
const kept = new Map<() => void, number>();
let total = 0;

/**
 * Notes that a pattern has seen a text. RE2JS makes tables of what it sees, which has a bound for each pattern and none for all: two hundred of a tenant would
 * take 800 MB of every worker (ISOLATED). Past the bound those that were used longest ago forget theirs.
 *
 * @param forget the same function each time
 * @param bytes what the text may have added at most
 */
export function noteSeen(forget: () => void, bytes: number): void {
  const before = kept.get(forget) ?? 0;
  const now = Math.min(before + bytes, MOST_OF_ONE);
  kept.delete(forget);
  kept.set(forget, now);
  total += now - before;
  if (total <= MOST_BYTES) return;
  for (const [oldest, size] of kept) {
    if (total <= MOST_BYTES / 2) return;
    oldest();
    kept.delete(oldest);
    total -= size;
  }
}
