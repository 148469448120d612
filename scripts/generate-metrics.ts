import { Registry } from '@prometheus-io/client';
import { createSourceMetrics } from '../src/kube/objects/source-metrics.ts';
import { createDefinitionGauge } from '../src/kube/status/definitions.ts';
import { createStatusMetrics } from '../src/kube/status/status-metrics.ts';
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

/** A metric as it is scraped. */
export interface RegisteredMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric of `entragate serve`. */
export function registeredMetrics(): readonly RegisteredMetric[] {
  return [createMetrics().registry, controlPlane()].flatMap(metricsOf);
}

/** All that `entragate serve` registers beside its workers. */
function controlPlane(): Registry {
  const registry = new Registry();
  createSourceMetrics(registry);
  createControlMetrics(
    registry,
    () => 0,
    () => false,
  );
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
  const rows = metricsOf(registry).map(({ name, type, help, labels }) => {
    const shown = labels.map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${shown.join(', ')} | ${help} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows];
}

function metricsOf(registry: Registry): readonly RegisteredMetric[] {
  return registry
    .getMetricsAsArray()
    .map((metric) => ({ name: metric.name, type: String(metric.type), help: metric.help, labels: labelNames(metric) }));
}

/** The library's types leave them out. */
function labelNames(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}
