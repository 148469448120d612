/** Appends values to a growing buffer; {@link ByteReader} reads them back in the same order. */
export class ByteWriter {
  #bytes = Buffer.alloc(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, as a view of this writer's buffer. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** A non-negative safe integer: seven bits a byte, lowest first. */
  count(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    return this.byte(rest);
  }

  /** A safe integer of either sign, small ones short. */
  integer(value: number): this {
    return this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** An IEEE 754 double. */
  double(value: number): this {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleBE(value, this.#length);
    return this;
  }

  /** Bytes whose number the reader knows. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** UTF-8 with its length before it; lone surrogates become U+FFFD. */
  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    return this.count(bytes.length).raw(bytes);
  }

  texts(values: readonly string[]): this {
    this.count(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  /** A GUID in canonical form, as 16 bytes. */
  guid(value: string): this {
    return this.raw(Buffer.from(value.replaceAll('-', ''), 'hex'));
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
