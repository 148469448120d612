/** Most bytes that the patterns of this process which have seen texts may keep, all together. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Of a compiled pattern that has seen nothing, about. */
const PROGRAM_BYTES = 12 * 1024;

/** The one used last at the end: how to make it forget all, and what it keeps. */
const kept = new Map<() => void, number>();
let total = 0;

/**
 * Notes that a pattern was used. RE2JS makes tables of the texts that it sees, which has a bound for each pattern and none for all: two hundred of a tenant would
 * take 800 MB of every worker (ISOLATED). Past the bound those that were used longest ago are dropped, such as those of Policies that are gone.
 *
 * @param forget the same function each time
 * @param tables bytes of its tables by now
 */
export function noteUse(forget: () => void, tables: number): void {
  const bytes = PROGRAM_BYTES + tables;
  total += bytes - (kept.get(forget) ?? 0);
  kept.delete(forget);
  kept.set(forget, bytes);
  if (total > MOST_BYTES) dropHalf();
}

function dropHalf(): void {
  for (const [forget, bytes] of kept) {
    if (total <= MOST_BYTES / 2) return;
    forget();
    kept.delete(forget);
    total -= bytes;
  }
}
