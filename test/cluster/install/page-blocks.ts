import { readFile } from 'node:fs/promises';

/** The repository. */
const root = new URL('../../../', import.meta.url);

/** The fenced blocks of a language (`yaml`, `sh`) in a page of the repository. */
export async function readBlocks(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(new URL(page, root), 'utf8');
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(([, indent = '', block = '']) =>
    block.replace(new RegExp(`^${indent}`, 'gm'), ''),
  );
}
