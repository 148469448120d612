/**
 * Reads what {@link ByteWriter} wrote. Past the end it answers zeros and empty values, and {@link isWhole} stays false:
 * the caller asks once, at the end.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;
  #isShort = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether everything was read, and nothing was missing. */
  get isWhole(): boolean {
    return !this.#isShort && this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#take(1) ? (this.#bytes[this.#at - 1] ?? 0) : 0;
  }

  count(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    this.#isShort = true;
    return 0;
  }

  integer(): number {
    const value = this.count();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  double(): number {
    return this.#take(8) ? this.#bytes.readDoubleBE(this.#at - 8) : 0;
  }

  raw(length: number): Buffer {
    return this.#take(length) ? this.#bytes.subarray(this.#at - length, this.#at) : Buffer.alloc(0);
  }

  text(): string {
    return this.raw(this.count()).toString('utf8');
  }

  texts(): string[] {
    return this.list(() => this.text());
  }

  /** As many items as the count before them says; stops where the bytes end. */
  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.count(); left > 0 && !this.#isShort; left--) items.push(read());
    return items;
  }

  guid(): string {
    const hex = this.raw(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #take(length: number): boolean {
    if (this.#isShort || this.#at + length > this.#bytes.length) {
      this.#isShort = true;
      return false;
    }
    this.#at += length;
    return true;
  }
}
