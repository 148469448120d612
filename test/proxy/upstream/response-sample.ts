import fc from 'fast-check';

const startLine = fc.constantFrom(
  ...['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.1 404', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 ', 'HTTP/1.1 304 Not'],
  ...['HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 999 \xe9', 'HTTP/1.2 200 OK'],
);
const field = fc.constantFrom(
  ...['Content-Length: 5', 'Content-Length: 0', 'content-length:5', 'Transfer-Encoding: chunked', 'X-A: 1', 'X-A:\t2 '],
  ...['Connection: close', 'Content-Length: 5x', 'Transfer-Encoding: gzip', 'X-B:', 'Set-Cookie: caf\xe9=1; Path=/'],
);
const interim = fc.constantFrom(
  '',
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
);
const body = fc.constantFrom(
  ...['', 'hello', 'hello world', '5\r\nhello\r\n0\r\n\r\n', '5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Late: 1\r\n\r\n'],
  ...['00\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', '5\r\nhello\r\n0\r\n\r', 'F\r\n0123456789abcde\r\n0\r\n\r\n'],
);

const wellMeant = fc
  .tuple(fc.array(interim, { maxLength: 2 }), startLine, fc.array(field, { maxLength: 4 }), body)
  .map(([before, start, fields, content]) => `${before.join('')}${[start, ...fields].join('\r\n')}\r\n\r\n${content}`);

const replacement = fc.constantFrom(
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '5',
  'f',
  '\x7f',
  '\xff',
  '',
  '\r\n',
);

/** Responses, most of them whole, some with a character changed: one character for each byte. */
export const sampleText: fc.Arbitrary<string> = fc
  .tuple(wellMeant, fc.nat(), replacement, fc.constantFrom(0, 0, 1, 2))
  .map(([text, seed, char, kind]) => {
    const at = seed % text.length;
    if (kind === 0) return text;
    return text.slice(0, at) + char + text.slice(kind === 1 ? at : at + 1);
  });
