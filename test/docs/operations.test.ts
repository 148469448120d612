import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';

const docs = new URL('../../docs/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, docs), 'utf8');

describe('the pages for operators', () => {
  it('tell what to do with every metric that is registered', () => {
    const registered = [...read('reference/metrics.md').matchAll(/^\| `(entragate_[a-z_]+)` \|/gm)].map(
      ([, name]) => name,
    );
    assert.ok(registered.length > 20);
    const told = read('operations.md') + read('reference/alerts.md');
    assert.deepEqual(
      registered.filter((name) => name === undefined || !told.includes(name)),
      [],
    );
  });

  it('name only pages that are there, and headings that these have', () => {
    const pages = [
      'operations.md',
      'install.md',
      'migrate.md',
      'check.md',
      'image.md',
      'entra-setup.md',
      'policy.md',
      'architecture.md',
      'emulator.md',
      'bench.md',
      '../README.md',
      '../SECURITY.md',
      '../charts/entragate/README.md',
      ...readdirSync(new URL('reference/', docs)).map((file) => `reference/${file}`),
    ];
    for (const page of pages) {
      for (const [, target = ''] of withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const url = new URL(target, new URL(page, docs));
        const { hash } = url;
        url.hash = '';
        if (url.pathname.endsWith('/')) continue;
        const text = readFileSync(url, 'utf8');
        if (hash !== '') assert.ok(anchorsOf(text).includes(hash), `${page}: ${target}`);
      }
    }
  });
});

/** A pattern in code may look like a link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/`[^`\n]*`/g, '');
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const words = heading
      .toLowerCase()
      .replaceAll('`', '')
      .replace(/[^\p{L}\p{N} _-]/gu, '');
    return `#${words.replaceAll(' ', '-')}`;
  });
}
