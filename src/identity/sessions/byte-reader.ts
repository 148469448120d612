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

  /** 16 bytes as a GUID in canonical form. */
  guid(): string {
    if (!this.#take(16)) return '';
    let at = 0;
    for (let from = this.#at - 16; from < this.#at; from++) {
      const byte = this.#bytes[from] ?? 0;
      if (at === 8 || at === 13 || at === 18 || at === 23) at++;
      guidText[at++] = hexDigit(byte >> 4);
      guidText[at++] = hexDigit(byte & 15);
    }
    return guidText.toString('latin1');
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

/** Filled anew for each GUID: sessions hold dozens, and joining slices of strings takes three times as long. */
const guidText = Buffer.from('00000000-0000-0000-0000-000000000000');

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
