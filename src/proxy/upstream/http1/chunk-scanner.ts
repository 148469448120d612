const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;

/** 48 bits: far below what a number counts exactly. */
const MOST_SIZE_DIGITS = 12;
/** Most bytes of the extensions of one chunk: nobody reads them (RFC 9112 §7.1.1). */
const MOST_EXTENSION_BYTES = 4096;

type State = 'size' | 'extension' | 'size-line-feed' | 'data' | 'data-return' | 'data-line-feed' | 'last' | 'broken';

/** Reads the frame of the chunked coding (RFC 9112 §7.1), in whatever pieces it comes, up to the trailer section. */
export class ChunkScanner {
  /** Bytes of the present chunk that are still to come; they are taken by {@link took}. */
  remaining = 0;
  #state: State = 'size';
  #digits = 0;
  #extensionBytes = 0;

  begin(): void {
    this.#state = 'size';
    this.remaining = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
  }

  /** The next byte belongs to the data of a chunk. */
  get isAtData(): boolean {
    return this.#state === 'data';
  }

  /** The last chunk is read: trailers follow. */
  get isLast(): boolean {
    return this.#state === 'last';
  }

  get isBroken(): boolean {
    return this.#state === 'broken';
  }

  /** So many bytes of data were taken. */
  took(count: number): void {
    this.remaining -= count;
    if (this.remaining === 0) this.#state = 'data-return';
  }

  /** Reads up to data or to the end of the last chunk's line. @returns the position behind what was read */
  scan(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== 'data' && this.#state !== 'last' && this.#state !== 'broken') {
      this.#state = this.#next(bytes[at] ?? 0);
      at++;
    }
    return at;
  }

  #next(byte: number): State {
    switch (this.#state) {
      case 'size':
        return this.#nextInSize(byte);
      case 'extension':
        this.#extensionBytes++;
        if (byte === CR) return 'size-line-feed';
        return isExtensionByte(byte) && this.#extensionBytes <= MOST_EXTENSION_BYTES ? 'extension' : 'broken';
      case 'size-line-feed':
        if (byte !== LF) return 'broken';
        return this.remaining === 0 ? 'last' : 'data';
      case 'data-return':
        return byte === CR ? 'data-line-feed' : 'broken';
      case 'data-line-feed':
        this.begin();
        return byte === LF ? 'size' : 'broken';
      default:
        return this.#state;
    }
  }

  #nextInSize(byte: number): State {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.remaining = this.remaining * 16 + digit;
      return ++this.#digits <= MOST_SIZE_DIGITS ? 'size' : 'broken';
    }
    if (this.#digits === 0) return 'broken';
    if (byte === CR) return 'size-line-feed';
    return byte === SEMICOLON ? 'extension' : 'broken';
  }
}

/** HTAB and printable ASCII: an extension has no use for more. */
function isExtensionByte(byte: number): boolean {
  return byte === 0x09 || (byte >= 0x20 && byte < 0x7f);
}

/** @returns -1: none */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
