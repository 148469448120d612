/** Most bytes of one response head, status line and blank line included. */
const MOST_HEAD_BYTES = 65_536;
/** Most fields of one response head, or of its trailers. */
const MOST_FIELDS = 200;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
const ZERO = 0x30;

/** `HTTP/1.`: what every response begins with. */
const VERSION_PREFIX = Buffer.from('HTTP/1.', 'latin1');
/** Where in the status line its parts are (RFC 9112 §4): all but the reason have one length. */
const MINOR_VERSION_AT = 7;
const FIRST_BLANK_AT = 8;
const STATUS_AT = 9;
const AFTER_STATUS_AT = 12;

/** Bytes of a field name (RFC 9110 §5.6.2). */
const isTokenByte = byteTable((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));
/** Bytes of a field value or a reason (RFC 9110 §5.5): no control but HTAB, so neither a bare CR nor LF nor NUL. */
const isTextByte = byteTable((code) => code === HTAB || (code >= SP && code !== 0x7f));

type State =
  | 'status'
  | 'reason'
  | 'line-feed'
  | 'line'
  | 'name'
  | 'blank'
  | 'value'
  | 'last-line-feed'
  | 'end'
  | 'broken';

/**
 * Reads the head of a response byte by byte (RFC 9112 §4 and §5), in whatever pieces it comes. Refused are a bare CR or LF,
 * NUL and other controls, folded lines, blanks around a name, and whatever else two readers could read differently.
 */
export class HeadScanner {
  status = 0;
  isHttp10 = false;
  /** `[name, value, …]`, one character for each byte; valid once {@link isComplete}. */
  fields: string[] = [];
  #state: State = 'status';
  /** Bytes of this head in pieces before the present one, and their text. */
  #length = 0;
  #text = '';
  /** For each field: where its name begins and ends, and its value, counted from the begin of the head. */
  readonly #marks: number[] = [];

  /** Begins a response. */
  begin(): void {
    this.#reset('status');
    this.status = 0;
  }

  /** Begins a trailer section: the same fields without a status line (RFC 9112 §7.1.2). */
  beginTrailers(): void {
    this.#reset('line');
  }

  get isComplete(): boolean {
    return this.#state === 'end';
  }

  get isBroken(): boolean {
    return this.#state === 'broken';
  }

  /** @returns the position behind what was read: behind the head once it {@link isComplete} */
  scan(bytes: Buffer, from: number, to: number): number {
    const most = Math.min(to, from + MOST_HEAD_BYTES - this.#length);
    let at = from;
    if (this.#state === 'status') at = this.#scanStatus(bytes, from, most);
    at = this.#scanLines(bytes, at, most, this.#length - from);
    if (this.#state === 'end') this.#cutFields(this.#text + bytes.toString('latin1', from, at));
    else if (at < to) this.#state = 'broken';
    else if (this.#state !== 'broken') {
      this.#text += bytes.toString('latin1', from, at);
      this.#length += at - from;
    }
    return at;
  }

  #scanStatus(bytes: Buffer, from: number, to: number): number {
    let position = this.#length;
    for (let at = from; at < to; at++, position++) {
      const byte = bytes[at] ?? 0;
      if (position === AFTER_STATUS_AT) {
        // Servers leave the blank out with the reason; as other clients do, we let them.
        if (byte === CR) this.#state = 'line-feed';
        else this.#state = byte === SP ? 'reason' : 'broken';
        return at + 1;
      }
      if (!this.#takesStatusByte(position, byte)) {
        this.#state = 'broken';
        return at;
      }
    }
    return to;
  }

  #takesStatusByte(position: number, byte: number): boolean {
    if (position < MINOR_VERSION_AT) return byte === VERSION_PREFIX[position];
    if (position === FIRST_BLANK_AT) return byte === SP;
    const digit = byte - ZERO;
    if (position === MINOR_VERSION_AT) {
      this.isHttp10 = digit === 0;
      return digit === 0 || digit === 1;
    }
    this.status = this.status * 10 + digit;
    return digit >= (position === STATUS_AT ? 1 : 0) && digit <= 9;
  }

  /** @param offset what to add to a position for its place in the head */
  #scanLines(bytes: Buffer, from: number, to: number, offset: number): number {
    const marks = this.#marks;
    let state = this.#state;
    let at = from;
    while (at < to && state !== 'end' && state !== 'broken') {
      switch (state) {
        case 'value':
        case 'reason':
          while (at < to && isTextByte[bytes[at] ?? 0] === 1) at++;
          if (at === to) break;
          if (state === 'value') marks.push(offset + at);
          state = bytes[at++] === CR ? 'line-feed' : 'broken';
          break;
        case 'name':
          while (at < to && isTokenByte[bytes[at] ?? 0] === 1) at++;
          if (at === to) break;
          marks.push(offset + at);
          state = bytes[at++] === COLON ? 'blank' : 'broken';
          break;
        case 'blank':
          while (at < to && isBlank(bytes[at])) at++;
          if (at === to) break;
          marks.push(offset + at);
          state = 'value';
          break;
        case 'line-feed':
          state = bytes[at++] === LF ? 'line' : 'broken';
          break;
        case 'line':
          state = this.#beginLine(bytes[at] ?? 0, offset + at);
          at++;
          break;
        case 'last-line-feed':
          state = bytes[at++] === LF ? 'end' : 'broken';
          break;
        default:
          return at; // 'status': more bytes are needed
      }
    }
    this.#state = state;
    return at;
  }

  #beginLine(byte: number, position: number): State {
    if (byte === CR) return 'last-line-feed';
    if (isTokenByte[byte] !== 1 || this.#marks.length === 4 * MOST_FIELDS) return 'broken';
    this.#marks.push(position);
    return 'name';
  }

  #cutFields(text: string): void {
    const marks = this.#marks;
    const fields: string[] = [];
    for (let index = 0; index + 3 < marks.length; index += 4) {
      const begin = marks[index + 2] ?? 0;
      let end = marks[index + 3] ?? 0;
      while (end > begin && isBlank(text.charCodeAt(end - 1))) end--;
      fields.push(text.slice(marks[index], marks[index + 1]), text.slice(begin, end));
    }
    this.fields = fields;
  }

  #reset(state: State): void {
    this.#state = state;
    this.#length = 0;
    this.#text = '';
    this.#marks.length = 0;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}

function byteTable(isIn: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isIn(code) ? 1 : 0));
}
