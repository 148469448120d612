import { readFile } from 'node:fs/promises';

/** Something that a page tells its reader to run, to apply, or to set. */
export interface PageStep {
  readonly kind: 'command' | 'objects' | 'value';
  readonly text: string;
  /** PAGE:LINE. */
  readonly at: string;
}

const root = new URL('../../../', import.meta.url);

/** A fenced block, or a span of code inside of a sentence. */
const code = /^( *)```(\w*)\n([\s\S]*?)^\1```$|`([^`\n]+)`/gm;

/** A command that does something to a cluster. `helm upgrade` alone is the name of one. */
const clusterCommand = /^(kubectl|helm) \S+ \S/;

/** A value of the chart and what to set it to: `rbac.scope=namespaced`. */
const value = /^[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*=\S*$/;

/**
 * Every command about a cluster that a page of the repository shows, in its order: in blocks of `sh`, or in a sentence. So are objects in blocks of
 * `yaml`, and values of the chart.
 */
export async function readSteps(page: string): Promise<readonly PageStep[]> {
  const text = await readFile(new URL(page, root), 'utf8');
  return [...text.matchAll(code)].flatMap((match): readonly PageStep[] => {
    const [, indent = '', language = '', block = '', span = ''] = match;
    const at = `${page}:${text.slice(0, match.index).split('\n').length}`;
    const inner = block.replace(new RegExp(`^${indent}`, 'gm'), '');
    if (language === 'sh') return commandsOf(inner).map((command) => ({ kind: 'command', text: command, at }));
    if (language === 'yaml') return [{ kind: 'objects', text: inner, at }];
    if (clusterCommand.test(span)) return [{ kind: 'command', text: span, at }];
    return value.test(span) ? [{ kind: 'value', text: span, at }] : [];
  });
}

/** The commands of a block, one for each line that does not go on in the next. */
function commandsOf(block: string): readonly string[] {
  const lines = block.split(/(?<!\\)\n/);
  return lines.filter((line) => clusterCommand.test(line));
}
