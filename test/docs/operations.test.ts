import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
});
