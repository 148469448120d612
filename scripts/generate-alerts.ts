import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
  readonly description: string;
}

/** `docs/reference/alerts.md`, from the template that the chart makes its PrometheusRule of. */
export async function alertsPage(root: string): Promise<string> {
  const template = await readFile(join(root, 'charts/entragate/templates/_alerts.tpl'), 'utf8');
  const rows = alertsOf(template).map((alert) => {
    const when = alert.for === '0m' ? 'at once' : `after ${alert.for}`;
    return `| \`${alert.alert}\` | ${alert.severity} | ${when} | \`${alert.expr}\` | ${alert.summary} ${alert.description} |`;
  });
  return [
    '# Alerts',
    '',
    '<!-- Generated from charts/entragate/templates/_alerts.tpl by `npm run generate`. Do not edit. -->',
    '',
    'Made by the chart with `metrics.prometheusRule.enabled`. The expressions are shown without the labels of the release. How to read the log of a Pod, `/readyz` and metrics is in',
    '[operations.md](../operations.md#looking-at-a-pod).',
    '',
    '| alert | severity | raised | when | what it means |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The list in the template, without the labels that it fills in. */
function alertsOf(template: string): readonly Alert[] {
  const lines = template
    .slice(template.indexOf('- alert:'))
    .split('\n')
    .filter((line) => !line.startsWith('{{'))
    .map((line) => line.replace(/\{ \{\{- \$of -\}\} ,/g, '{').replace(/\{ \{\{- \$of -\}\} \}/g, ''));
  return parse(lines.join('\n')) as readonly Alert[];
}
