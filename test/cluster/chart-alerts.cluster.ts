import assert from 'node:assert/strict';
import { parser } from '@prometheus-io/lezer-promql';
import { before, describe, it } from 'mocha';
import { registeredMetrics } from '../../scripts/generate-metrics.ts';
import { chartObjects, minimalValues, objectOf } from './chart/render-chart.ts';
import type { TestObject } from './kube/objects.ts';
import { orSkip } from './kube/or-skip.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a ServiceMonitor adds to every sample of ours. */
const targetLabels = ['namespace', 'service', 'pod'];
/** Prometheus's own, of each target. */
const up = { name: 'up', type: 'gauge', labels: [] };

describe('alerts of the chart', () => {
  let objects: readonly TestObject[] = [];
  let alerts: readonly Alert[] = [];
  before(async function () {
    const values = {
      ...minimalValues,
      metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } },
    };
    const release = { name: 'entragate', namespace: 'entragate', values };
    objects = await orSkip(this, () => chartObjects(release, 'without hooks'));
    const rule = objectOf(objects, 'PrometheusRule', 'entragate');
    alerts = (rule.spec as { groups: [{ rules: readonly Alert[] }] }).groups[0].rules;
  });

  it('are sentences of PromQL about metrics that exist, by labels that they have', () => {
    const metrics = [...registeredMetrics(), up];
    for (const { alert, expr } of alerts) {
      const { names, labels, errors } = read(expr);
      assert.deepEqual(errors, [], `${alert}: ${expr}`);
      const found = names.map((name) => metrics.find((metric) => metric.name === name));
      assert.ok(names.length > 0 && found.every((metric) => metric !== undefined), `${alert}: ${names}`);
      const known = [...targetLabels, ...found.flatMap((metric) => metric?.labels.map(scraped) ?? [])];
      assert.deepEqual(
        labels.filter((label) => !known.includes(label)),
        [],
        alert,
      );
    }
    console.log(
      `      ${alerts.length} alerts on ${new Set(alerts.flatMap(({ expr }) => read(expr).names)).size} metrics`,
    );
  });

  it('take rates of counters only', () => {
    const counters = registeredMetrics().filter(({ type }) => type === 'counter');
    for (const { alert, expr } of alerts) {
      const rated = [...expr.matchAll(/(?:rate|increase)\(([a-z_]+)/g)].map(([, name]) => name);
      assert.deepEqual(
        rated.filter((name) => !counters.some((counter) => counter.name === name)),
        [],
        alert,
      );
    }
  });

  it('are about the Pods of this release, which its ServiceMonitor scrapes', () => {
    const service = objectOf(objects, 'Service', 'entragate-metrics');
    const { selector } = objectOf(objects, 'ServiceMonitor', 'entragate').spec as {
      readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    };
    for (const [key, value] of Object.entries(selector.matchLabels))
      assert.equal(service.metadata.labels?.[key], value);
    for (const { alert, expr } of alerts) {
      const selectors = [...expr.matchAll(/(?:entragate_[a-z_]+|up)\{([^}]*)\}/g)].map(([, matchers = '']) => matchers);
      assert.equal(selectors.length, read(expr).names.length, alert);
      for (const matchers of selectors)
        assert.ok(matchers.startsWith('namespace="entragate",service="entragate-metrics"'), alert);
    }
  });

  it('say how bad it is, what is wrong and where to look, each under a name of its own', () => {
    assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
    for (const { alert, labels, annotations } of alerts) {
      assert.match(alert, /^Entragate[A-Z]\w+$/);
      assert.ok(['warning', 'critical'].includes(labels.severity ?? ''), alert);
      assert.match(annotations.summary ?? '', /\.$/, alert);
      assert.match(annotations.description ?? '', /\.$/, alert);
    }
  });
});

/** Name of a metric's own label beside those of its target (Prometheus, `honor_labels: false`). */
function scraped(label: string): string {
  return targetLabels.includes(label) ? `exported_${label}` : label;
}

/** Names of metrics and labels in an expression, and where it is no PromQL. */
function read(expr: string) {
  const [names, labels, errors]: [string[], string[], string[]] = [[], [], []];
  parser.parse(expr).iterate({
    enter: ({ type, name, from, to }) => {
      const text = expr.slice(from, to);
      if (type.isError) errors.push(`${from}: ${text}`);
      if (name === 'Identifier') names.push(text);
      if (name === 'LabelName') labels.push(text);
    },
  });
  return { names, labels, errors };
}
