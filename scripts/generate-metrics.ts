import { createMetrics } from '../src/telemetry/metrics.ts';

/** `docs/reference/metrics.md`, from the metrics as they are registered. */
export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    '<!-- Generated from src/telemetry/metrics.ts by `npm run generate`. Do not edit. -->',
    '',
    'In the text format of Prometheus at `/metrics` of the admin listener, the sum over all workers. Labels are names from configuration and fixed words: no client adds a series.',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...createMetrics()
      .registry.getMetricsAsArray()
      .map((metric) => {
        const labels = labelNames(metric).map((name) => `\`${name}\``);
        return `| \`${metric.name}\` | ${metric.type} | ${labels.join(', ')} | ${metric.help} |`;
      }),
    '',
  ].join('\n');
}

/** The library's types leave them out. */
function labelNames(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}
