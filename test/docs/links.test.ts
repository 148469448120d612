import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';

const root = join(import.meta.dirname, '../..');
const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules/**', 'coverage/**'] }).toSorted();
const read = (page: string) => readFileSync(join(root, page), 'utf8');

describe('every page of the repository', () => {
  it('links only to files that are there, and to headings that these have', () => {
    assert.ok(pages.length > 40);
    const broken = pages.flatMap((page) =>
      [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, target = '']) => {
        const [path = '', heading] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, file))) return [`${page}: ${target}`];
        return heading === undefined || headingsOf(read(file)).includes(heading) ? [] : [`${page}: ${target}`];
      }),
    );
    assert.deepEqual(broken, []);
  });

  it('names only source files that are there, where it is the README of a folder', () => {
    const readmes = pages.filter((page) => /^(src|test)\/.*README\.md$/.test(page));
    assert.ok(readmes.length > 20);
    const missing = readmes.flatMap((page) =>
      [...read(page).matchAll(/`([\w./-]+\.(?:ts|sh|yaml))`/g)].flatMap(([, named = '']) => {
        const isThere = [dirname(page), '.', 'src'].some((folder) => existsSync(join(root, folder, named)));
        return isThere ? [] : [`${page}: ${named}`];
      }),
    );
    assert.deepEqual(missing, []);
  });
});

/** A pattern in code may look like a link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** As GitHub makes anchors of them. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const words = heading
      .toLowerCase()
      .replaceAll('`', '')
      .replace(/[^\p{L}\p{N} _-]/gu, '');
    return words.replaceAll(' ', '-');
  });
}
