import { readdirSync } from 'node:fs';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import configuration from '../.dependency-cruiser.json' with { type: 'json' };

/**
 * Checks that imports point one way (docs/architecture.md, folders). It also counts what was read:
 * a parser that silently reads nothing would pass every rule.
 */
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const { output } = await cruise(['src'], {
  ruleSet: { forbidden: configuration.forbidden },
  validate: true,
  ...configuration.options,
} as Parameters<typeof cruise>[1]);
const { modules, summary } = output as ICruiseResult;
const read = modules.filter((module) => module.source.startsWith('src/'));
const arrows = read.reduce((count, module) => count + module.dependencies.length, 0);

for (const violation of summary.violations) {
  console.error(`${violation.rule.name}: ${violation.from} → ${violation.to}`);
}
if (read.length !== sources.length || arrows < read.length) {
  console.error(`imports: ${sources.length} files in src/, but ${read.length} modules and ${arrows} imports were read`);
  process.exitCode = 1;
} else if (summary.violations.length > 0) {
  process.exitCode = 1;
} else {
  console.log(`imports: ${read.length} modules, ${arrows} imports, every arrow points down`);
}
