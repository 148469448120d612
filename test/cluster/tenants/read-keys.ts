import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANNOTATION_PREFIX } from '../../../src/api/annotations.ts';

const sources = join(import.meta.dirname, '../../../src');
/** Where objects are read. */
const folders = ['api', 'kube', 'processes', 'translate'];

/** Names like those of labels and annotations (`prefix/name`) in the sources that read objects, but for versions of APIs. */
export function qualifiedNamesInSources(): readonly string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(sources, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
      .map((file) => readFileSync(join(sources, folder, file), 'utf8')),
  );
  const found = files.flatMap((text) => [
    ...[...text.matchAll(/'([a-z0-9-]+(?:\.[a-z0-9-]+)+\/[\w.-]+)'/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/`\$\{ANNOTATION_PREFIX\}([\w.-]+)`/g)].map(([, name = '']) => ANNOTATION_PREFIX + name),
  ]);
  return [...new Set(found)].filter((name) => !/\/v\d+(?:(?:alpha|beta)\d+)?$/.test(name)).toSorted();
}
