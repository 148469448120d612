import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { errorsPage } from '../../scripts/generate-errors.ts';
import { TemporaryFolder } from '../kube/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');

describe('npm run generate', () => {
  const run = promisify(execFile);

  it('--check finds nothing to do for the schemas, types and annotations in the tree', async () => {
    const { stderr } = await check(root);
    assert.deepEqual(
      stderr.split('\n').filter((line) => line.includes('drifted') && !line.includes('errors.md')),
      [],
    );
  });

  it('--check fails and names each file that has drifted', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'entragate-generate-'));
    try {
      for (const folder of ['charts', 'crds', 'src', 'scripts', 'docs', 'package.json'])
        await cp(join(root, folder), join(copy, folder), { recursive: true });
      await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
      const crd = join(copy, 'crds/policies.entragate.dev.yaml');
      await writeFile(crd, (await readFile(crd, 'utf8')).replace('Object IDs of Entra groups.', 'IDs of groups.'));
      const values = join(copy, 'charts/entragate/values.yaml');
      await writeFile(values, (await readFile(values, 'utf8')).replace('How many Pods.', 'Number of Pods.'));
      const project = join(copy, 'package.json');
      await writeFile(project, (await readFile(project, 'utf8')).replace('"version": "', '"version": "7.'));
      const { stderr, code } = await check(copy);
      assert.equal(code, 1);
      for (const file of ['docs/reference/values.md', 'charts/entragate/README.md', 'charts/entragate/Chart.yaml'])
        assert.ok(stderr.includes(`${file} has drifted`), file);
      assert.match(stderr, /src\/api\/generated\/policy\.ts has drifted/);
      assert.match(stderr, /docs\/reference\/policy\.md has drifted/);
      assert.match(stderr, /charts\/entragate\/crds\/policies\.entragate\.dev\.yaml has drifted/);
      assert.doesNotMatch(stderr, /revocation/);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  async function check(folder: string): Promise<{ readonly stderr: string; readonly code: number }> {
    try {
      const { stderr } = await run(process.execPath, [join(folder, 'scripts/generate.ts'), '--check']);
      return { stderr, code: 0 };
    } catch (error) {
      assert.ok(error instanceof Error && 'stderr' in error && 'code' in error);
      return { stderr: String(error.stderr), code: Number(error.code) };
    }
  }
});

describe('the page of errors', () => {
  it('lists each code once, with its texts and files, and leaves computed codes out', async () => {
    const folder = await TemporaryFolder.create();
    try {
      await folder.write(
        'src/a.ts',
        `export const f = (x: string) => { throw new EntragateError('b-code', \`\${x} | is bad\`, { publicMessage: 'Bad.' }); };`,
      );
      await folder.write(
        'src/b/c.ts',
        "new EntragateError('b-code', 'again'); new EntragateError(code, 'x'); new EntragateError('a-code', 'one ' + 'two');",
      );
      const [, thrown = ''] = (await errorsPage(folder.path)).split('## Errors of the program');
      const rows = thrown.split('\n').filter((line) => line.startsWith('| `'));
      assert.deepEqual(rows, [
        '| `a-code` | one two |  | `src/b/c.ts` |',
        '| `b-code` | … \\| is bad<br>again | Bad. | `src/a.ts`<br>`src/b/c.ts` |',
      ]);
    } finally {
      await folder.remove();
    }
  });
});
