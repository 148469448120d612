import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file, folder or link of an image. */
export interface ImageEntry {
  /** Without a slash in front. */
  readonly path: string;
  /** As `ls -l` writes it. */
  readonly mode: string;
  /** User and group id. */
  readonly owner: string;
  readonly size: number;
}

export interface ImageArchive {
  /** What a runtime starts, and as whom. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What a process of the image sees. */
  readonly entries: readonly ImageEntry[];
  /** What the last layer, which is that of the Dockerfile's last stage, adds. */
  readonly added: readonly ImageEntry[];
  /** Of all layers together, and of the last one (bytes, not compressed). */
  readonly sizes: { readonly all: number; readonly last: number };
  /** The text of a file of the last layer. */
  readonly read: (path: string) => Promise<string>;
}

const run = promisify(execFile);
const whiteout = '.wh.';

/** Reads a docker-archive: https://github.com/moby/docker-image-spec/blob/main/spec.md. */
export async function readImageArchive(file: string): Promise<ImageArchive & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'entragate-image-'));
  await run('tar', ['-xf', file, '-C', folder]);
  const [manifest] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const layers = (manifest.Layers as readonly string[]).map((layer) => join(folder, layer));
  const last = layers.at(-1) ?? '';
  const sizes = await Promise.all(layers.map(async (layer) => (await stat(layer)).size));
  const entries = new Map<string, ImageEntry>();
  for (const layer of layers) for (const entry of await listLayer(layer)) put(entries, entry);
  return {
    config: JSON.parse(await readFile(join(folder, manifest.Config), 'utf8')).config,
    entries: [...entries.values()],
    added: (await listLayer(last)).filter(({ path }) => !path.includes(whiteout)),
    sizes: { all: sizes.reduce((sum, size) => sum + size, 0), last: sizes.at(-1) ?? 0 },
    read: async (path) => (await run('tar', ['-xOf', last, path])).stdout,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A name `.wh.NAME` takes NAME of the layers below away, with everything in it. */
function put(entries: Map<string, ImageEntry>, entry: ImageEntry): void {
  if (!entry.path.includes(whiteout)) {
    entries.set(entry.path, entry);
    return;
  }
  const gone = entry.path.replace(whiteout, '');
  for (const path of entries.keys()) if (path === gone || path.startsWith(`${gone}/`)) entries.delete(path);
}

/** `drwxr-xr-x 0/0 0 2026-01-31 12:00 app/`; of a link the target follows. */
const line = /^(\S{10}) (\d+\/\d+) +(\S+) \S+ \S+ (.*?)(?: -> .*| link to .*)?$/;

async function listLayer(layer: string): Promise<readonly ImageEntry[]> {
  const { stdout } = await run('tar', ['--numeric-owner', '-tvf', layer], { maxBuffer: 2 ** 28 });
  return stdout.split('\n').flatMap((text) => {
    const [, mode = '', owner = '', size = '', name = ''] = line.exec(text) ?? [];
    if (name === '') return [];
    const path = name.replace(/^\.?\//, '').replace(/\/$/, '');
    return [{ path, mode, owner, size: Number(size) }];
  });
}
