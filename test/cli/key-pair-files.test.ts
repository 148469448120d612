import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readKeyPair } from '../../src/cli/key-pair-files.ts';
import { UsageError } from '../../src/cli/options.ts';
import { createTestAuthority } from '../support/test-authority.ts';

describe('--certificate and --key of entragate dev', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-key-pair-'));
    const authority = await createTestAuthority();
    for (const name of ['one', 'two']) {
      const { certPem, keyPem } = await authority.issue([`${name}.example.test`]);
      await writeFile(file(`${name}.crt`), certPem);
      await writeFile(file(`${name}.key`), keyPem);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are optional together, and read together', () => {
    assert.equal(readKeyPair('', ''), null);
    const pair = readKeyPair(file('one.crt'), file('one.key'));
    assert.match(pair?.certPem ?? '', /BEGIN CERTIFICATE/);
    assert.match(pair?.keyPem ?? '', /BEGIN PRIVATE KEY/);
  });

  const wrong: readonly (readonly [string, string, string, RegExp])[] = [
    ['a certificate without its key', 'one.crt', '', /--certificate needs --key/],
    ['a key without its certificate', '', 'one.key', /--key needs --certificate/],
    ['the key of another certificate', 'one.crt', 'two.key', /one\.crt and --key .*two\.key are no PEM certificate/],
    ['files in each other’s place', 'one.key', 'one.crt', /are no PEM certificate and its key/],
    ['a file that is not there', 'one.crt', 'none.key', /--key: .*none\.key cannot be read: ENOENT/],
  ];
  for (const [what, certificate, key, message] of wrong) {
    it(`refuses ${what}, and does not quote a key`, () => {
      const path = (name: string) => (name === '' ? '' : file(name));
      assert.throws(
        () => readKeyPair(path(certificate), path(key)),
        (error) => error instanceof UsageError && message.test(error.message) && !error.message.includes('BEGIN'),
      );
    });
  }
});
