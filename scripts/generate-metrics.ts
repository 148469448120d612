import { Registry } from '@prometheus-io/client';
import { createDefinitionGauge } from '../src/kube/definitions.ts';
import { createSourceMetrics } from '../src/kube/source-metrics.ts';
import { createStatusMetrics } from '../src/kube/status-metrics.ts';
import { createControlMetrics } from '../src/processes/control-metrics.ts';
import { createRevocationMetrics } from '../src/processes/revocation-metrics.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

/** `docs/reference/metrics.md`, from the metrics as they are registered. */
export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    '<!-- Generated from the metrics as the sources register them by `npm run generate`. Do not edit. -->',
    '',
    'In the text format of Prometheus at `/metrics` of the admin listener. Labels are names from configuration and fixed words: no client adds a series.',
    '',
    '## Data plane',
    '',
    'The sum over all workers of the replica.',
    '',
    ...table(createMetrics().registry),
    '',
    '## Control plane',
    '',
    'Of `entragate serve`. What they mean for an operator is in [operations.md](../operations.md).',
    '',
    ...table(controlPlane()),
    '',
  ].join('\n');
}

/** All that `entragate serve` registers beside its workers. */
function controlPlane(): Registry {
  const registry = new Registry();
  createSourceMetrics(registry);
  createControlMetrics(registry, () => 0);
  createDefinitionGauge(registry);
  createStatusMetrics(
    registry,
    () => false,
    () => 0,
  );
  createRevocationMetrics(registry, () => 0);
  return registry;
}

function table(registry: Registry): readonly string[] {
  const rows = registry.getMetricsAsArray().map((metric) => {
    const labels = labelNames(metric).map((name) => `\`${name}\``);
    return `| \`${metric.name}\` | ${metric.type} | ${labels.join(', ')} | ${metric.help} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows];
}

/** The library's types leave them out. */
function labelNames(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}
