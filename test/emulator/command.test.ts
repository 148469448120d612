import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

describe('entragate emulator', () => {
  let folder: string;
  const children: ChildProcessWithoutNullStreams[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-emulator-'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    const running = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ends = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ends);
  });

  const run = (...argv: readonly string[]) => {
    const child = spawn(process.execPath, [MAIN, 'emulator', '--state', folder, ...argv]);
    children.push(child);
    return child;
  };

  /** Everything printed until `mark`, or until the process ends. */
  const readUntil = (child: ChildProcessWithoutNullStreams, mark: string) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes(mark)) resolve(text);
    });
    child.stdout.on('end', () => resolve(text));
    return promise;
  };

  const finish = async (child: ChildProcessWithoutNullStreams) => {
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, errors };
  };

  /** Status of a GET; names below localhost are loopback whatever the resolver says (RFC 6761 6.3). */
  const status = async (url: string, ca: string) => {
    const sent = request(url, { ca, agent: false, hostname: '127.0.0.1', servername: new URL(url).hostname }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  };

  it('prints what an app needs, serves it with a certificate of the local authority, and ends at Ctrl-C', async () => {
    const child = run('--port', '0', '--client-secret', 'chosen');
    const text = await readUntil(child, 'Ctrl-C');
    const authority = /authority +(\S+)/.exec(text)?.[1] ?? '';
    assert.match(authority, new RegExp(`^https://login\\.localhost:\\d+/${CONTOSO.tid}/v2\\.0$`));
    assert.match(text, new RegExp(`client id +${CONTOSO.clientId}`));
    assert.match(text, /client secret +chosen\n/);
    assert.match(text, /adele@contoso\.example +Employees, Finance\n/);
    assert.match(text, /gary@contoso\.example +guest, no groups\n/);
    const ca = await readFile(/trust +(\S+)/.exec(text)?.[1] ?? '', 'utf8');
    assert.equal(await status(`${authority}/.well-known/openid-configuration`, ca), 200);
    child.kill('SIGINT');
    assert.equal((await finish(child)).code, 0);
  });

  it('reads tenants from files, and makes a secret for an app without one', async () => {
    const file = join(folder, 'fabrikam.yaml');
    await writeFile(
      file,
      `{tid: 22222222-2222-3333-4444-555555555555, domain: fabrikam.example, users: [],
        apps: [{clientId: 0a1b2c3d-0000-4000-8000-000000000011}]}`,
    );
    const text = await readUntil(run('--port', '0', '--tenant', file), 'Ctrl-C');
    assert.match(text, /Tenant fabrikam\.example/);
    assert.match(text, /client secret +\S{32}\n/);
    assert.doesNotMatch(text, /contoso/);
  });

  it('names a port that is in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    try {
      const { code, errors } = await finish(run('--port', port));
      assert.equal(code, 1);
      assert.match(errors, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}`));
    } finally {
      holder.close();
    }
  });

  const mistakes = [
    [['--nonsense'], /--nonsense/],
    [['extra'], /nothing to do with extra/],
    [['--port', 'many'], /--port takes a whole number/],
    [['--cert', 'x.pem'], /--cert and --key belong together/],
    [['--tenant', '/nowhere.yaml'], /--tenant: \/nowhere\.yaml cannot be read/],
    [['--host-name', 'login.example.com'], /names below localhost only/],
  ] as const;
  for (const [argv, expected] of mistakes) {
    it(`refuses ${argv.join(' ')} with exit code 2`, async () => {
      const { code, errors } = await finish(run(...argv));
      assert.equal(code, 2);
      assert.match(errors, expected);
    });
  }
});
