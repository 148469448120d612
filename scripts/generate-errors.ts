import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse } from '@swc/core';
import { signInErrors } from '../src/identity/oidc/sign-in-error.ts';
import { refusals } from '../src/proxy/reading/refusal.ts';
import { upstreamFailures } from '../src/proxy/upstream/upstream.ts';

interface ErrorUse {
  readonly code: string;
  readonly file: string;
  readonly message: string;
  readonly publicMessage: string;
}

/**
 * `docs/reference/errors.md`: the codes of answers, from their tables; and every code that the sources pass to EntragateError as a literal, with
 * its messages.
 *
 * @param root folder of the project
 */
export async function errorsPage(root: string): Promise<string> {
  return [
    '# Errors',
    '',
    '<!-- Generated from the sources by `npm run generate`. Do not edit. -->',
    '',
    'Every error has a stable code. It is `code` in the access line and in the log, and most pages show it. Why a policy denies somebody is in [policy.md](../policy.md#why-was-it-denied), why a route denies',
    'everybody in [conditions.md](conditions.md#routes-that-deny-everybody).',
    '',
    '## Requests that are refused',
    '',
    'Whatever could be read in two ways never reaches an app.',
    '',
    '| code | status | what is wrong |',
    '|---|---|---|',
    ...[...refusals].map(([code, { status, detail }]) => `| \`${code}\` | ${status} | ${escapeCell(detail)} |`),
    '',
    '## Requests that an app failed',
    '',
    'They were allowed. `detail` in the access line names the endpoint.',
    '',
    '| code | what happened |',
    '|---|---|',
    ...Object.entries(upstreamFailures).map(([code, meaning]) => `| \`${code}\` | ${escapeCell(meaning)} |`),
    '',
    '## Sign-ins that failed',
    '',
    "The log line with the request ID of the page has Entra's AADSTS number, or the check that failed; [entra-setup.md](../entra-setup.md#when-it-does-not-work) says what to do.",
    '',
    '| code | status | page |',
    '|---|---|---|',
    ...Object.entries(signInErrors).map(
      ([code, { status, explanation }]) => `| \`${code}\` | ${status} | ${escapeCell(explanation)} |`,
    ),
    '',
    '## Errors of the program',
    '',
    'The log has the first text; a page never shows more than the second. `…` stands for a value. Where a text is missing, it is that of the failure underneath.',
    '',
    '| code | log | page | raised in |',
    '|---|---|---|---|',
    ...(await programRows(root)),
    '',
  ].join('\n');
}

async function programRows(root: string): Promise<readonly string[]> {
  const uses = (await Promise.all((await sourceFiles(join(root, 'src'))).map((file) => errorsOf(root, file)))).flat();
  const codes = Map.groupBy(uses, (use) => use.code);
  return [...codes.keys()].toSorted().map((code) => {
    const found = codes.get(code) ?? [];
    const cell = (texts: readonly string[]) =>
      [...new Set(texts.filter((text) => text !== ''))].map(escapeCell).join('<br>');
    return `| \`${code}\` | ${cell(found.map((use) => use.message))} | ${cell(found.map((use) => use.publicMessage))} | ${cell(found.map((use) => `\`${use.file}\``))} |`;
  });
}

async function sourceFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function errorsOf(root: string, file: string): Promise<readonly ErrorUse[]> {
  const source = await readFile(file, 'utf8');
  if (!source.includes('EntragateError')) return [];
  const tree: unknown = await parse(source, { syntax: 'typescript', target: 'es2022' });
  const uses: ErrorUse[] = [];
  visit(tree, (node) => {
    if (
      node.type !== 'NewExpression' ||
      field(node.callee, 'value') !== 'EntragateError' ||
      !Array.isArray(node.arguments)
    )
      return;
    const [code, message, detail] = node.arguments.map((argument: unknown) => field(argument, 'expression'));
    const name = literalText(code);
    if (name === '' || name.includes('…')) return;
    uses.push({
      code: name,
      file: relative(root, file),
      message: literalText(message),
      publicMessage: publicMessageOf(detail),
    });
  });
  return uses;
}

function visit(node: unknown, see: (node: Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, see);
  } else if (isRecord(node)) {
    see(node);
    for (const value of Object.values(node)) visit(value, see);
  }
}

function publicMessageOf(detail: unknown): string {
  const properties = field(detail, 'properties');
  if (!Array.isArray(properties)) return '';
  const found = properties.find((property: unknown) => field(field(property, 'key'), 'value') === 'publicMessage');
  return literalText(field(found, 'value'));
}

/** The text of a string or template literal, values as `…`; empty for anything else. */
function literalText(node: unknown): string {
  switch (field(node, 'type')) {
    case 'StringLiteral':
      return String(field(node, 'value'));
    case 'TemplateLiteral': {
      const quasis = field(node, 'quasis');
      return Array.isArray(quasis) ? quasis.map((quasi: unknown) => String(field(quasi, 'cooked'))).join('…') : '';
    }
    case 'BinaryExpression':
      return `${literalText(field(node, 'left'))}${literalText(field(node, 'right'))}`;
    default:
      return '';
  }
}

function field(node: unknown, key: string): unknown {
  return isRecord(node) ? node[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapeCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('<', '&lt;')
    .trim();
}
