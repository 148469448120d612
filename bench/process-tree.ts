import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its descendants have used so far (proc(5)). */
export interface ProcessTreeUse {
  /** User and system time, in microseconds; the kernel counts in ticks of 10 ms. */
  readonly cpuMicroseconds: number;
  /** Resident memory, in bytes: pages that several of them share count more than once. */
  readonly residentBytes: number;
}

/** `sysconf(_SC_CLK_TCK)`: 100 on every architecture that Node runs on. */
const TICK_MICROSECONDS = 10_000;
const PAGE_BYTES = 4096;

/** Reads what the process `root` and everything that it started use. Processes that have ended are not counted. */
export function processTreeUse(root: number): ProcessTreeUse {
  let ticks = 0;
  let pages = 0;
  for (const process of treeOf(root)) {
    ticks += process.ticks;
    pages += process.pages;
  }
  return { cpuMicroseconds: ticks * TICK_MICROSECONDS, residentBytes: pages * PAGE_BYTES };
}

interface ProcessStat {
  readonly id: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

function treeOf(root: number): readonly ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null);
  const tree = all.filter(({ id }) => id === root);
  for (const { id } of tree) tree.push(...all.filter(({ parent }) => parent === id));
  return tree;
}

/** Null: it has ended meanwhile. */
function readStat(id: number): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    // The name, in parentheses, may hold anything: fields are counted from behind it.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    return { id, parent, ticks: (fields[11] ?? 0) + (fields[12] ?? 0), pages: fields[21] ?? 0 };
  } catch {
    return null;
  }
}
