import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { adele, type Gate, HTML, NOT_HTML, openGate } from './gate.ts';

const MINUTE = 60;
const { finance, employees } = CONTOSO.groups;

describe('[BOUNDED] Security 4: how long a sign-in counts, with the bounds as they come', () => {
  let gate: Gate;
  before(async () => {
    gate = await openGate();
  });
  after(() => gate.close());

  const redemptions = () => gate.world.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;

  it('a removed group ends access at the first page after recheckAfter, without asking the user', async () => {
    const client = await gate.signedIn(adele.username);
    gate.world.emulator.setMembership(adele.username, [employees]);
    try {
      gate.world.advance(29 * MINUTE);
      assert.equal((await client.navigate(gate.ledger())).status, 200);
      gate.world.advance(2 * MINUTE);
      const page = await client.navigate(gate.ledger());
      assert.equal(page.status, 403);
      assert.equal(page.url, gate.ledger());
      assert.equal((await client.request(gate.ledger(), { headers: NOT_HTML })).status, 403);
    } finally {
      gate.world.emulator.setMembership(adele.username, [finance, employees]);
    }
  });

  it('calls and forms of an open page pass until maxStale, and not a minute longer', async () => {
    const client = await gate.signedIn(adele.username);
    const form = {
      method: 'POST',
      headers: { ...HTML, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=b',
    };
    gate.world.advance(58 * MINUTE);
    assert.equal((await client.request(gate.ledger('/api'), { headers: NOT_HTML })).status, 200);
    assert.equal((await client.request(gate.ledger('/form'), form)).status, 200);
    gate.world.advance(2 * MINUTE);
    const bytes = gate.upstream.bytes().length;
    assert.equal((await client.request(gate.ledger('/api'), { headers: NOT_HTML })).status, 401);
    const page = await client.request(gate.ledger('/form'), form);
    assert.equal(page.status, 401);
    assert.match(page.body, /another tab/);
    assert.equal(gate.upstream.bytes().length, bytes);
  });

  it('two apps opened in series count from the one answer of Entra', async () => {
    const client = await gate.signedIn(adele.username);
    gate.world.advance(25 * MINUTE);
    const before = redemptions();
    assert.equal((await client.navigate(gate.wiki())).status, 200);
    assert.equal(redemptions(), before, 'the second app asked Entra nothing');
    gate.world.advance(35 * MINUTE);
    const bytes = gate.upstream.bytes().length;
    assert.equal((await client.request(gate.wiki('/api'), { headers: NOT_HTML })).status, 401);
    assert.equal(gate.upstream.bytes().length, bytes);
  });

  it('a disabled account is out within maxStale, whatever it has open', async () => {
    const client = await gate.signedIn(adele.username);
    gate.world.emulator.disableUser(adele.username);
    gate.world.emulator.revokeSessions(adele.username);
    try {
      gate.world.advance(60 * MINUTE);
      const bytes = gate.upstream.bytes().length;
      assert.equal((await client.request(gate.ledger('/api'), { headers: NOT_HTML })).status, 401);
      const page = await client.signIn(gate.ledger(), adele.username);
      assert.notEqual(new URL(page.url).hostname, 'ledger.localhost');
      assert.equal(gate.upstream.bytes().length, bytes);
    } finally {
      gate.world.emulator.enableUser(adele.username);
    }
  });
});
