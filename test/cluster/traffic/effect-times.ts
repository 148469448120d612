/** How long changes took to be in force, to be printed. */
export class EffectTimes {
  readonly #steps: string[] = [];
  readonly #all: number[] = [];

  /** Notes the time (ms) that one change took. */
  async note(change: string, took: Promise<number>): Promise<void> {
    const time = Math.round(await took);
    this.#all.push(time);
    this.#steps.push(`${change} ${time}`);
  }

  /** All so far (ms). */
  get all(): readonly number[] {
    return this.#all;
  }

  print(kind: string): void {
    console.log(`      ${kind}: ${this.#steps.join(', ')} ms after the write`);
    this.#steps.length = 0;
  }
}
