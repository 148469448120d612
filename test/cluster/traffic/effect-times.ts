/** How long changes took to be in force, to be printed. */
export class EffectTimes {
  readonly #steps: string[] = [];
  #worst = 0;

  /** Notes the time (ms) that one change took. */
  async note(change: string, took: Promise<number>): Promise<void> {
    const time = Math.round(await took);
    this.#worst = Math.max(this.#worst, time);
    this.#steps.push(`${change} ${time}`);
  }

  /** Longest of all (ms). */
  get worst(): number {
    return this.#worst;
  }

  print(kind: string): void {
    console.log(`      ${kind}: ${this.#steps.join(', ')} ms after the write`);
    this.#steps.length = 0;
  }
}
