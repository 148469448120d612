import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readCookie, readCookiesWithPrefix, stripOurCookies } from '../../../src/identity/sessions/cookie-header.ts';
import { isOurCookie } from '../../../src/identity/sessions/cookie-names.ts';

const ours = [
  '__Host-entragate',
  '__Host-entragate.1',
  '__Host-entragate.2',
  '__Host-entragate-auth',
  '__Host-entragate-flow-x1',
];
const notOurs = [
  '',
  'theirs',
  '__Host-',
  '__Host-entragat',
  '__Host-entragates',
  '__host-entragate',
  '__Host-Entragate',
  '\xa0__Host-entragate',
  '__Host-entragate\xa0',
  '"__Host-entragate"',
  '__Secure-entragate',
];

describe('names of cookies', () => {
  it('are ours only when spelled exactly so', () => {
    for (const name of ours) equal(isOurCookie(name), true, name);
    for (const name of notOurs) equal(isOurCookie(name), false, name);
  });
});

describe('reading a Cookie field', () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['a=1;b=2', '1'],
    ['b=2;\ta = 1 ; c=3', ' 1'],
    ['a=1=2', '1=2'],
    ['a="1"', '"1"'],
    ['a=', ''],
    ['a', ''],
    ['', null],
    ['A=1', null],
    ['aa=1', null],
    ['\xa0a=1', null],
    ['a\xa0=1', null],
    ['b=a=1', null],
    ['b="x; a=1"', '1"'],
    ['a=1; a=1', null],
    ['a=1; b=2; a=3', null],
    ['a=1; a', null],
  ];
  for (const [field, value] of rows) {
    it(`answers ${JSON.stringify(value)} for a in ${JSON.stringify(field)}`, () => {
      equal(readCookie(field, 'a'), value);
    });
  }

  it('finds all with a prefix, twins too', () => {
    deepEqual(readCookiesWithPrefix('f-1=a; x=f-9; f-2=b; f-1=c', 'f-'), [
      ['f-1', 'a'],
      ['f-2', 'b'],
      ['f-1', 'c'],
    ]);
  });
});

describe('[NO-TOKENS] the Cookie field for an upstream', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', ''],
    ['a=1; b=2', 'a=1; b=2'],
    ['__Host-entragate=x', ''],
    ['__Host-entragate', ''],
    ['\t__Host-entragate =x', ''],
    ['__Host-entragate=x; a=1', 'a=1'],
    ['a=1; __Host-entragate=x', 'a=1'],
    ['a=1; __Host-entragate.1=x; __Host-entragate.2=y;b=2', 'a=1;b=2'],
    ['__Host-entragate-auth=x; __Host-entragate-flow-1=y;  a = "1" ;b', 'a = "1" ;b'],
    ['\xa0__Host-entragate=x', '\xa0__Host-entragate=x'],
    ['a=__Host-entragate=x', 'a=__Host-entragate=x'],
    ['a=1;; b=2;', 'a=1;; b=2;'],
  ];
  for (const [field, rest] of rows) {
    it(`makes ${JSON.stringify(rest)} of ${JSON.stringify(field)}`, () => {
      equal(stripOurCookies(field), rest);
    });
  }

  it('keeps every other pair, byte for byte and in order', () => {
    const name = fc.constantFrom(...ours, ...notOurs.filter((candidate) => candidate !== ''));
    const value = fc.stringMatching(/^[!-:<-~\x80-\xff]{0,8}$/);
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 6 });
    fc.assert(
      fc.property(pairs, (list) => {
        const field = (of: typeof list) => of.map(([cookie, content]) => `${cookie}=${content}`).join('; ');
        equal(stripOurCookies(field(list)), field(list.filter(([cookie]) => !ours.includes(cookie))));
      }),
    );
  });
});
