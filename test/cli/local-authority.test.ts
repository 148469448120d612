import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLocalAuthority, type LocalAuthority } from '../../src/cli/local-authority.ts';

describe('the local certificate authority', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-authority-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps its key to its owner and is the same at the next start', async () => {
    const first = await createLocalAuthority(folder);
    const second = await createLocalAuthority(folder);
    assert.equal(second.caPem, first.caPem);
    assert.equal((await stat(join(folder, 'ca.key'))).mode & 0o777, 0o600);
  });

  it('issues certificates that a client trusts for names below localhost', async () => {
    const answer = await getOver(await createLocalAuthority(folder), 'ledger.localhost');
    assert.equal(answer, 'ledger.localhost');
  });

  it('cannot vouch for a name outside localhost, because of its name constraint', async () => {
    await assert.rejects(getOver(await createLocalAuthority(folder), 'login.example.com'), {
      message: 'permitted subtree violation',
    });
  });
});

/** Serves `name` with a certificate of the authority on loopback and asks for it, trusting that authority alone. */
async function getOver(authority: LocalAuthority, name: string): Promise<string> {
  const pair = await authority.issue([name]);
  const server = https.createServer({ cert: pair.certPem, key: pair.keyPem }, (request, response) =>
    response.end(request.headers.host),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await get(name, (server.address() as AddressInfo).port, authority.caPem);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function get(name: string, port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: name, headers: { host: name }, ca, agent: false };
    https
      .get(options, (response) => {
        response.setEncoding('utf8').once('data', resolve).once('error', reject);
      })
      .once('error', reject);
  });
}
