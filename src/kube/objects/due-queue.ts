/** What is to be done from some time on. */
interface Due {
  /** Milliseconds, monotonic. */
  readonly due: number;
}

/** A binary heap: what is due first comes first, and adding or taking one looks at few of the others. */
export class DueQueue<T extends Due> {
  #heap: T[] = [];

  /** What is due first; null: nothing is there. */
  get first(): T | null {
    return this.#heap[0] ?? null;
  }

  add(item: T): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.due <= item.due) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  /** Leaves only those there for which this holds. Looks at all of them. */
  keep(isKept: (item: T) => boolean): void {
    this.#heap = this.#heap.filter(isKept).sort((a, b) => a.due - b.due);
  }

  /** Takes the first away. */
  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && right.due < left.due;
      const child = isRight ? right : left;
      if (child.due >= last.due) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}
