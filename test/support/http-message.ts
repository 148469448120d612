/** One HTTP/1.1 message cut out of a byte stream by its own framing: what a test compares with what it expected. */
export interface HttpMessage {
  readonly startLine: string;
  /** `[name, value]` as received, in order. */
  readonly fields: readonly (readonly [string, string])[];
  /** Body with chunked coding removed. */
  readonly body: Buffer;
  /** Everything from the start line to the end of the body. */
  readonly raw: Buffer;
}

/** All values of a field, in order; its name in any case. */
export function fieldValues(message: HttpMessage, name: string): readonly string[] {
  return message.fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/**
 * Cuts the first whole message off a buffer.
 *
 * @param withoutBody a response to HEAD, or any other whose length fields mean nothing
 * @returns null while the message is not complete; a response without a length is complete when the stream `ended`
 */
export function cutMessage(
  bytes: Buffer,
  state: { readonly withoutBody: boolean; readonly ended: boolean },
): { readonly message: HttpMessage; readonly rest: Buffer } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [startLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const fields = lines.map((line) => splitField(line));
  const bodyStart = headEnd + 4;
  const body = state.withoutBody
    ? { body: Buffer.alloc(0), end: bodyStart }
    : cutBody(bytes, bodyStart, startLine, fields, state.ended);
  if (body === null) return null;
  const message = { startLine, fields, body: body.body, raw: bytes.subarray(0, body.end) };
  return { message, rest: bytes.subarray(body.end) };
}

function splitField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

interface CutBody {
  readonly body: Buffer;
  readonly end: number;
}

function cutBody(
  bytes: Buffer,
  start: number,
  startLine: string,
  fields: readonly (readonly [string, string])[],
  ended: boolean,
): CutBody | null {
  const fieldOf = (name: string) => fields.find(([each]) => each.toLowerCase() === name)?.[1];
  if (fieldOf('transfer-encoding')?.toLowerCase() === 'chunked') return cutChunked(bytes, start);
  const length = fieldOf('content-length');
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length < end ? null : { body: bytes.subarray(start, end), end };
  }
  if (isResponseToTheEnd(startLine)) return ended ? { body: bytes.subarray(start), end: bytes.length } : null;
  return { body: Buffer.alloc(0), end: start };
}

/** RFC 9112 §6.3: a response without a length, other than 1xx, 204 and 304, lasts until the connection closes. */
function isResponseToTheEnd(startLine: string): boolean {
  return startLine.startsWith('HTTP/') && !/^HTTP\/1\.[01] (1\d\d|204|304)/.test(startLine);
}

function cutChunked(bytes: Buffer, start: number): CutBody | null {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const dataStart = lineEnd + 2;
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', lineEnd);
      return end < 0 ? null : { body: Buffer.concat(chunks), end: end + 4 };
    }
    if (bytes.length < dataStart + size + 2) return null;
    chunks.push(bytes.subarray(dataStart, dataStart + size));
    at = dataStart + size + 2;
  }
}
