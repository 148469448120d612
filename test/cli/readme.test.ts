import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';

const root = new URL('../../', import.meta.url);
const main = new URL('src/main.ts', root).pathname;

describe('objects that the pages for people show', () => {
  const folder = mkdtempSync(join(tmpdir(), 'entragate-pages-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const page of ['README.md', 'docs/entra-setup.md', 'docs/install.md', 'docs/migrate.md']) {
    it(`are valid as ${page} writes them, and nothing but what it leaves out is missing`, () => {
      const text = readFileSync(new URL(page, root), 'utf8');
      const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
      assert.ok(blocks.length > 0);
      writeFileSync(join(folder, 'objects.yaml'), blocks.join('\n---\n'));
      const { status, stdout } = spawnSync(process.execPath, [main, 'check', folder, '--output', 'json'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      });
      const { problems } = JSON.parse(stdout) as { readonly problems: readonly { readonly code: string }[] };
      const expected = new Set(['backend-unavailable', 'secret-missing', 'default-provider-missing']);
      assert.deepEqual(
        problems.filter(({ code }) => !expected.has(code)),
        [],
      );
      assert.equal(status, 0);
    });
  }
});
