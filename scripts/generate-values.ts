import { isRecord } from '../src/api/normalize.ts';

/** One value of the chart that a user may set. */
interface ChartValue {
  /** `service.ports.https`. */
  readonly path: string;
  readonly fallback: unknown;
  readonly meaning: string;
}

interface Section {
  readonly title: string;
  readonly values: readonly ChartValue[];
}

/** `docs/reference/values.md`. */
export function valuesPage(text: string, defaults: unknown): string {
  return [
    '# Values of the chart',
    '',
    '<!-- Generated from charts/entragate/values.yaml by `npm run generate`. Do not edit. -->',
    '',
    'What `helm install --set NAME=VALUE`, or a file for `--values`, may say. `values.schema.json` refuses everything else, and names the right one where other charts call it differently.',
    '',
    ...valueTables(text, defaults, '##'),
  ].join('\n');
}

const BEGIN = '<!-- Values: generated from values.yaml by `npm run generate`. Do not edit. -->';
const END = '<!-- End of values. -->';

/** The chart's README, with the tables between its two marks made anew. */
export function withValueTables(readme: string, text: string, defaults: unknown): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`the chart's README lacks the lines "${BEGIN}" and "${END}"`);
  return [before, BEGIN, '\n\n', valueTables(text, defaults, '###').join('\n'), END, after].join('');
}

/** Chart.yaml with the version of the project in it. */
export function withVersion(chart: string, version: string): string {
  return chart
    .replace(/^version: .*$/m, `version: ${version}`)
    .replace(/^appVersion: .*$/m, `appVersion: "${version}"`);
}

function valueTables(text: string, defaults: unknown, heading: string): readonly string[] {
  return readSections(text, defaults).flatMap(({ title, values }) => [
    `${heading} ${title}`,
    '',
    '| value | default | meaning |',
    '|---|---|---|',
    ...values.map(({ path, fallback, meaning }) => {
      const cells = [`\`${path}\``, `\`${JSON.stringify(fallback)}\``, meaning];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
    '',
  ]);
}

/**
 * Reads the comments of values.yaml: `## TITLE` begins a section, and what stands directly above a key explains it and all below it. A key
 * without a comment has keys with comments.
 *
 * @throws Error for a value that no comment explains
 */
function readSections(text: string, defaults: unknown): readonly Section[] {
  const sections: { title: string; values: ChartValue[] }[] = [];
  const keys: string[] = [];
  let comments: string[] = [];
  let explained = Number.POSITIVE_INFINITY;
  for (const line of text.split('\n')) {
    const [, indent = '', comment, key] = /^( *)(?:# (.+)|([A-Za-z]+):.*)$/.exec(line) ?? [];
    const title = /^## (.+)$/.exec(line)?.[1];
    if (title !== undefined) sections.push({ title, values: [] });
    if (comment !== undefined) comments.push(comment);
    else if (key === undefined) comments = [];
    if (key === undefined || indent.length > explained) continue;
    keys.splice(indent.length / 2, keys.length, key);
    explained = comments.length > 0 ? indent.length : Number.POSITIVE_INFINITY;
    const fallback = keys.reduce<unknown>((node, name) => (isRecord(node) ? node[name] : undefined), defaults);
    if (comments.length > 0)
      sections.at(-1)?.values.push({ path: keys.join('.'), fallback, meaning: comments.join(' ') });
    else if (!isRecord(fallback) || Object.keys(fallback).length === 0)
      throw new Error(`charts/entragate/values.yaml: no comment explains ${keys.join('.')}`);
    comments = [];
  }
  return sections;
}
