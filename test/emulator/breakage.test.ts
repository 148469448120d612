import assert from 'node:assert/strict';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Breakage } from '../../src/emulator/breakage.ts';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { CONSUMERS_TENANT_ID } from '../../src/emulator/directory/directory.ts';
import { ask, createBrowser, jsonOf, type Running, startContoso, textMember, tokensOf } from './emulator-client.ts';

const { adele } = CONTOSO.users;

describe('the emulator breaks as it is told', () => {
  let running: Running;
  before(async () => {
    running = await startContoso();
  });
  after(() => running.emulator.close());
  afterEach(() => running.emulator.breakage.reset());

  const publishedKeys = async () => {
    const { keys } = jsonOf(await ask(running.caPem, `${running.emulator.origin}/${CONTOSO.tid}/discovery/v2.0/keys`));
    assert.ok(Array.isArray(keys));
    return keys;
  };
  const idToken = async () => textMember(await tokensOf(running, adele.username), 'id_token');
  /** Everything a careful client checks, but the per-key issuer and the nonce. */
  const verify = async (token: string) => {
    const issuer = `${running.emulator.origin}/${CONTOSO.tid}/v2.0`;
    const expected = { algorithms: ['RS256'], issuer, audience: CONTOSO.clientId };
    return (await jwtVerify(token, createLocalJWKSet({ keys: await publishedKeys() }), expected)).payload;
  };

  it('not at all when nothing is switched on, nor after a reset', async () => {
    await verify(await idToken());
    running.emulator.breakage.expired();
    running.emulator.breakage.algNone();
    running.emulator.breakage.reset();
    await verify(await idToken());
  });

  const rejected: readonly (readonly [string, (breakage: Breakage) => void, string])[] = [
    ['an unknown key', (breakage) => breakage.unknownKey(), 'ERR_JWKS_NO_MATCHING_KEY'],
    ['a bad signature', (breakage) => breakage.badSignature(), 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['alg HS256', (breakage) => breakage.algHS256(), 'ERR_JOSE_ALG_NOT_ALLOWED'],
    ['alg none', (breakage) => breakage.algNone(), 'ERR_JOSE_ALG_NOT_ALLOWED'],
    ['another issuer', (breakage) => breakage.wrongIssuer(), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['another audience', (breakage) => breakage.wrongAudience(), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['an end in the past', (breakage) => breakage.expired(), 'ERR_JWT_EXPIRED'],
    ['a start in the future', (breakage) => breakage.notYetValid(), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ];
  for (const [what, breakIt, code] of rejected) {
    it(`with ${what}`, async () => {
      breakIt(running.emulator.breakage);
      const token = await idToken();
      await assert.rejects(verify(token), { code });
    });
  }

  it('with alg none that is otherwise well-formed and unsigned', async () => {
    running.emulator.breakage.algNone();
    const token = await idToken();
    assert.match(token, /^[^.]+\.[^.]+\.$/);
    assert.equal(decodeProtectedHeader(token).alg, 'none');
    assert.equal(decodeJwt(token).oid, adele.id);
  });

  it('with faults that a signature check alone does not see', async () => {
    const { breakage } = running.emulator;
    const broken = async (switchOn: () => void) => {
      breakage.reset();
      switchOn();
      return verify(await idToken());
    };
    assert.ok(!('nonce' in (await broken(breakage.nonceMissing))));
    assert.notEqual((await broken(breakage.nonceWrong)).nonce, 'nonce-1');
    assert.ok(!('oid' in (await broken(breakage.oidMissing))));
    assert.notEqual((await broken(breakage.wrongTenant)).tid, CONTOSO.tid);
    const twice = await broken(breakage.tenantTwice);
    assert.ok('tid' in twice && 'TID' in twice);
  });

  it('with a published key that may sign for another issuer only', async () => {
    running.emulator.breakage.keyOfOtherIssuer();
    const token = await idToken();
    await verify(token);
    const key = (await publishedKeys()).find(({ kid }) => kid === decodeProtectedHeader(token).kid);
    assert.equal(key.issuer, `${running.emulator.origin}/${CONSUMERS_TENANT_ID}/v2.0`);
  });

  it('by cutting connections, everywhere or in one part', async () => {
    const { origin, breakage } = running.emulator;
    const metadata = `${origin}/${CONTOSO.tid}/v2.0/.well-known/openid-configuration`;
    const keys = `${origin}/${CONTOSO.tid}/discovery/v2.0/keys`;
    breakage.down('keys');
    await assert.rejects(ask(running.caPem, keys), { code: 'ECONNRESET' });
    assert.equal((await ask(running.caPem, metadata)).status, 200);
    breakage.down();
    await assert.rejects(ask(running.caPem, metadata), { code: 'ECONNRESET' });
    breakage.reset();
    assert.equal((await ask(running.caPem, keys)).status, 200);
  });

  it('by answering late', async () => {
    running.emulator.breakage.slow(200);
    const started = performance.now();
    await ask(running.caPem, `${running.emulator.origin}/common/discovery/instance`);
    assert.ok(performance.now() - started >= 195);
  });

  describe('by HTTP, for any language', () => {
    const control = (json: unknown) => ask(running.caPem, `${running.emulator.origin}/emulator/control`, { json });

    it('with the same switches', async () => {
      const before = await publishedKeys();
      assert.equal((await control({ action: 'rotateKeys', withdrawPrevious: true })).status, 200);
      assert.notEqual((await publishedKeys())[0].kid, before[0].kid);
      assert.equal((await control({ action: 'expired' })).status, 200);
      await assert.rejects(verify(await idToken()), { code: 'ERR_JWT_EXPIRED' });
      assert.equal((await control({ action: 'reset' })).status, 200);
      await control({ action: 'setMembership', user: adele.username, groups: [] });
      assert.ok(!('groups' in (await verify(await idToken()))));
    });

    it('also to come back from down', async () => {
      await control({ action: 'down', area: 'everything' });
      assert.equal((await control({ action: 'reset' })).status, 200);
    });

    it('and says what is wrong with a request', async () => {
      const cases = [
        [{ action: 'explode' }, /'action' must be one of reset, /],
        [{ action: 'slow', ms: '5' }, /'ms' must be a number of milliseconds/],
        [{ action: 'authorizeError', code: 1 }, /'code' must be an AADSTS code/],
        [{ action: 'disableUser', user: 'nobody' }, /no .*user|has a user 'nobody'/],
        [[], /must be a JSON object/],
      ] as const;
      for (const [body, expected] of cases) {
        const answer = await control(body);
        assert.equal(answer.status, 400);
        assert.match(textMember(jsonOf(answer), 'error'), expected);
      }
    });

    it('never from a web page: a form or plain text is refused', async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
        const answer = await ask(running.caPem, `${running.emulator.origin}/emulator/control`, {
          body: '{"action":"disableUser","user":"adele@contoso.example"}',
          headers: { 'content-type': type },
        });
        assert.equal(answer.status, 400);
      }
      await createBrowser(running.caPem).open(`${running.emulator.origin}/common/discovery/instance`);
      assert.ok(await idToken());
    });
  });
});
