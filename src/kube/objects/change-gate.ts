import type { Kind, ObjectRef } from '../../api/cluster-state.ts';

/** How long a change may be held back to be told together with others (ms). */
export interface ChangeTiming {
  /** Changes of what people write: routes, policies, revocations. */
  readonly written: number;
  /** Changes of endpoints, which come in bursts when pods roll. */
  readonly endpoints: number;
}

/** The 250 ms that docs/architecture.md promises from a write to its effect include this. */
export const changeTiming: ChangeTiming = { written: 50, endpoints: 200 };

/** Gathers changes and tells them together: each at the latest its time after it came, and none before the gate is opened. */
export class ChangeGate {
  readonly #timing: ChangeTiming;
  readonly #tell: (changed: readonly ObjectRef[]) => void;
  readonly #changed = new Map<string, ObjectRef>();
  #isOpen = false;
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | null = null;

  constructor(timing: ChangeTiming, tell: (changed: readonly ObjectRef[]) => void) {
    this.#timing = timing;
    this.#tell = tell;
  }

  /** From now on changes are told. Those that came before are not: who opens the gate looks at everything. */
  open(): void {
    this.#isOpen = true;
  }

  add(refs: readonly ObjectRef[]): void {
    if (!this.#isOpen) return;
    for (const ref of refs) {
      this.#changed.set(JSON.stringify([ref.kind, ref.namespace, ref.name]), ref);
      this.#planWithin(this.#delayOf(ref.kind));
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#changed.clear();
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    this.#timer = null;
  }

  #delayOf(kind: Kind): number {
    return kind === 'EndpointSlice' ? this.#timing.endpoints : this.#timing.written;
  }

  #planWithin(wait: number): void {
    const at = performance.now() + wait;
    if (this.#timer !== null && this.#timer.at <= at) return;
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    this.#timer = { at, handle: setTimeout(this.#pass, wait) };
  }

  readonly #pass = (): void => {
    this.#timer = null;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    this.#tell(changed);
  };
}
