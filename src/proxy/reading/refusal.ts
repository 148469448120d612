/** A request that is not forwarded, for what it is rather than for who sent it. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: 400 | 405 | 417 | 421 | 431 | 502;
  readonly code: RefusalCode;
  /** For log and page: what is wrong, without any value of the request. */
  readonly detail: string;
  /** Where the message ends is in doubt: the connection must not be used again. */
  readonly closesConnection: boolean;
}

export type RefusalCode =
  | 'http-version'
  | 'method-refused'
  | 'target-form'
  | 'path-byte'
  | 'path-escape'
  | 'path-segment'
  | 'query-byte'
  | 'host-missing'
  | 'host-repeated'
  | 'host-invalid'
  | 'sni-missing'
  | 'sni-mismatch'
  | 'too-many-fields'
  | 'fields-too-large'
  | 'field-aliases-ours'
  | 'request-loop'
  | 'transfer-encoding'
  | 'length-conflict'
  | 'length-invalid'
  | 'body-on-get'
  | 'upgrade-not-get'
  | 'upgrade-with-body'
  | 'expectation-unknown';

const KEEP = false;
const CLOSE = true;

function refusal(
  status: Refused['status'],
  code: RefusalCode,
  closesConnection: boolean,
  detail: string,
): readonly [RefusalCode, Refused] {
  return [code, Object.freeze({ kind: 'refused', status, code, detail, closesConnection })];
}

/** Every refusal by its code. docs/reference/errors.md is generated from it. */
export const refusals: ReadonlyMap<RefusalCode, Refused> = new Map([
  refusal(400, 'http-version', CLOSE, 'Only HTTP/1.0 and HTTP/1.1 are spoken here.'),
  refusal(405, 'method-refused', CLOSE, 'CONNECT and TRACE are not forwarded.'),
  refusal(
    400,
    'target-form',
    KEEP,
    'The request target must begin with a slash (origin form, RFC 9112 section 3.2.1).',
  ),
  refusal(400, 'path-byte', KEEP, 'The path holds ";", "#", a backslash, a control byte or an 8-bit byte.'),
  refusal(400, 'query-byte', KEEP, 'The query holds "#", a control byte or an 8-bit byte.'),
  refusal(
    400,
    'path-escape',
    KEEP,
    'The path holds an escape that is broken, or that two servers would read differently.',
  ),
  refusal(400, 'path-segment', KEEP, 'The path holds an empty, "." or ".." segment.'),
  refusal(400, 'host-missing', KEEP, 'The Host field is missing or empty.'),
  refusal(400, 'host-repeated', KEEP, 'The Host field is repeated.'),
  refusal(400, 'host-invalid', KEEP, 'The Host field is not one host name with an optional port.'),
  refusal(421, 'sni-missing', CLOSE, 'The TLS handshake named no server (SNI), and the Host field names one.'),
  refusal(421, 'sni-mismatch', CLOSE, 'The TLS handshake named another server than the Host field does.'),
  refusal(
    431,
    'too-many-fields',
    CLOSE,
    'The request has more than 100 header fields, or names as many in Connection.',
  ),
  refusal(431, 'fields-too-large', CLOSE, 'The header fields are larger than 32 KiB together.'),
  refusal(400, 'field-aliases-ours', KEEP, 'A field name would be taken for an identity field of this proxy.'),
  refusal(
    502,
    'request-loop',
    CLOSE,
    'The request came back here again and again: an endpoint of its Service is this gateway.',
  ),
  refusal(400, 'transfer-encoding', CLOSE, 'The only transfer coding accepted is "chunked", on HTTP/1.1, once.'),
  refusal(400, 'length-conflict', CLOSE, 'The request declares its length more than once or in two ways.'),
  refusal(400, 'length-invalid', CLOSE, 'The Content-Length field is not a decimal number of bytes.'),
  refusal(400, 'body-on-get', CLOSE, 'A GET or HEAD request must have no body.'),
  refusal(400, 'upgrade-not-get', CLOSE, 'A WebSocket begins with a GET request.'),
  refusal(400, 'upgrade-with-body', CLOSE, 'A WebSocket handshake must have no body.'),
  refusal(417, 'expectation-unknown', CLOSE, 'The only expectation met is "100-continue" (RFC 9110 section 10.1.1).'),
]);

/** The refusal with this code: shared and frozen, so that refusing costs a flood of bad requests nothing. */
export function refuse(code: RefusalCode): Refused {
  const refused = refusals.get(code);
  if (refused === undefined) throw new TypeError(`No refusal is defined for ${code}.`);
  return refused;
}
