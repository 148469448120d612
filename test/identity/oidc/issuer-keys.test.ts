import { equal, rejects } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type IssuerKeySet, IssuerKeys, readKeySet } from '../../../src/identity/oidc/issuer-keys.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const setOf = (...kids: readonly string[]): IssuerKeySet =>
  new Map(kids.map((kid) => [kid, { kid, jwk: { kty: 'RSA', kid, n: 'AQAB', e: 'AQAB' }, issuer: null }]));

/** An issuer whose answer a test changes. */
class Issuer {
  keys: IssuerKeySet = setOf('a');
  isDown = false;
  asked = 0;

  readonly answer = async (): Promise<IssuerKeySet> => {
    this.asked++;
    await Promise.resolve();
    if (this.isDown) throw new Error('down');
    return this.keys;
  };
}

describe('keys of an issuer', () => {
  it('are fetched once by all who ask at the same time', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('a', 0)));
    equal(found.filter((key) => key?.kid === 'a').length, 20);
    equal(issuer.asked, 1);
  });

  it('are fetched again for an unknown id, at most once in five minutes', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    issuer.keys = setOf('a', 'b');
    const found = await Promise.all([keys.find('b', 1), keys.find('b', 1), keys.find('b', 1)]);
    equal(found.filter((key) => key?.kid === 'b').length, 3);
    equal(issuer.asked, 2);
    for (let n = 0; n < 50; n++) equal(await keys.find(`forged-${n}`, 2 + n), null);
    equal(issuer.asked, 2);
    equal(await keys.find('forged', 5 * MINUTE + 1), null);
    equal(issuer.asked, 3);
  });

  it('are dropped at once when a good answer does not hold them any more', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    issuer.keys = setOf('b');
    await keys.find('b', 10);
    equal(await keys.find('a', 11), null);
  });

  it('are fetched again after an hour before they are used', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    issuer.keys = setOf('b');
    equal(await keys.find('a', HOUR + 1), null);
  });

  it('are refreshed in the background before the hour is over', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    equal((await keys.find('a', 46 * MINUTE))?.kid, 'a');
    await Promise.resolve();
    equal(issuer.asked, 2);
    equal((await keys.find('a', 90 * MINUTE))?.kid, 'a');
    equal(issuer.asked, 2);
  });

  it('are used for 24 hours while fetching fails, then no more', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    issuer.isDown = true;
    equal((await keys.find('a', 2 * HOUR))?.kid, 'a');
    equal((await keys.find('a', 24 * HOUR))?.kid, 'a');
    await rejects(keys.find('a', 24 * HOUR + 1));
    issuer.isDown = false;
    equal((await keys.find('a', 25 * HOUR))?.kid, 'a');
  });

  it('are not asked for at every sign-in while fetching fails', async () => {
    const issuer = new Issuer();
    const keys = new IssuerKeys(issuer.answer);
    await keys.find('a', 0);
    issuer.isDown = true;
    const before = issuer.asked;
    for (let second = 0; second < 30; second++) await keys.find('a', 2 * HOUR + second * 1000 - 1);
    equal(issuer.asked, before + 1);
  });
});

describe('a key set', () => {
  const rsa = { kty: 'RSA', kid: 'a', use: 'sig', n: 'AQAB', e: 'AQAB', x5c: ['x'], issuer: 'https://i/{tenantid}' };

  it('gives the public members and the issuer of its signature keys', () => {
    const key = readKeySet({ keys: [rsa, { kty: 'oct', kid: 's', k: 'AAAA' }] })?.get('a');
    equal(
      JSON.stringify(key),
      '{"kid":"a","issuer":"https://i/{tenantid}","jwk":{"kty":"RSA","kid":"a","use":"sig","n":"AQAB","e":"AQAB"}}',
    );
  });

  it('names no key by an id that occurs twice', () => {
    const set = readKeySet({ keys: [rsa, { ...rsa, n: 'BQAB' }, rsa, { ...rsa, kid: 'b' }] });
    equal(set?.get('a'), undefined);
    equal(set?.get('b')?.kid, 'b');
  });

  for (const document of [
    {},
    { keys: [] },
    { keys: 'a' },
    { keys: [null, 7, 'x', []] },
    { keys: [{ ...rsa, use: 'enc' }] },
    { keys: Array(201).fill(rsa) },
  ]) {
    it(`is none in ${JSON.stringify(document).slice(0, 60)}`, () => {
      equal(readKeySet(document), null);
    });
  }
});
