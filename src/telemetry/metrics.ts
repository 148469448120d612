import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** The metrics of one process. Labels come from configuration and fixed words only, so that no client can add a series. */
export interface Metrics {
  /** One request finished. `route` is a route id of the snapshot, or {@link NO_ROUTE}. */
  request(observed: ObservedRequest): void;
  /** A request was refused before it was routed; `code` is the refusal's. */
  refused(code: string): void;
  /** Header fields dropped because their names could be read two ways. */
  headerDropped(count: number): void;
  connectionOpened(listener: 'http' | 'https'): void;
  connectionClosed(listener: 'http' | 'https'): void;
  connectionRefused(cap: 'worker' | 'client'): void;
  /** How many requests wait for their turn: for an answer of our own, to go to a public route, or for rules that take long. */
  requestsWaiting(line: 'own' | 'public' | 'rules', count: number): void;
  upgradeOpened(): void;
  upgradeClosed(): void;
  /** An upgraded connection was cut because it was no longer authorised. */
  upgradeCut(): void;
  /** A response under way was cut because its request was no longer authorised. */
  responseCut(): void;
  upstreamFailed(code: string): void;
  tlsFailed(): void;
  /** Forgets what was counted of all other routes: Ingresses and challenges come and go for as long as this process lives. */
  keepRoutes(routes: ReadonlySet<string>): Promise<void>;
  readonly registry: Registry;
}

export interface ObservedRequest {
  readonly route: string;
  readonly status: number;
  readonly decision: string;
  readonly totalMs: number;
  /** From sending to the upstream's last byte; null: nothing was sent. */
  readonly upstreamMs: number | null;
}

/** One metric of one process, as the client library writes it: plain data that crosses the process border. */
interface MetricData {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly values: readonly MetricValue[];
}

interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  /** Of a histogram: `…_bucket`, `…_sum` or `…_count`. */
  readonly metricName?: string;
}

/** All metrics of one process. */
export type MetricSet = readonly MetricData[];

/** In place of the id of a route where a request had none. */
export const NO_ROUTE = '-';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers all metrics of the data plane in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'entragate_requests_total',
    help: 'Requests answered, by route, status and decision.',
    labelNames: ['route', 'status', 'decision'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'entragate_request_duration_seconds',
    help: 'Time from the end of the request head to the last byte of the answer.',
    buckets: SECONDS,
    registers,
  });
  const upstreamDuration = new Histogram({
    name: 'entragate_upstream_duration_seconds',
    help: "Time from sending a request upstream to the last byte of the upstream's answer.",
    buckets: SECONDS,
    registers,
  });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter<Label>({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge<Label>({ name, help, labelNames, registers });

  const refused = counter(
    'entragate_requests_refused_total',
    'Requests refused because they could be read in two ways.',
    'code',
  );
  const headersDropped = counter(
    'entragate_header_fields_dropped_total',
    'Header fields dropped because of an ambiguous name.',
  );
  const connections = gauge('entragate_connections', 'Open client connections.', 'listener');
  const connectionsRefused = counter(
    'entragate_connections_refused_total',
    'Connections refused because of a cap: of the worker, or of one client.',
    'cap',
  );
  const waiting = gauge(
    'entragate_requests_waiting',
    'Requests that wait for their turn: without a signed-in user, or for rules that take long.',
    'line',
  );
  const upgrades = gauge('entragate_upgrades', 'Open upgraded connections.');
  const upgradesCut = counter('entragate_upgrades_cut_total', 'Upgraded connections cut by a later decision.');
  const responsesCut = counter('entragate_responses_cut_total', 'Responses under way cut by a later decision.');
  const upstreamFailures = counter('entragate_upstream_failures_total', 'Requests that an upstream failed.', 'code');
  const tlsFailures = counter('entragate_tls_handshake_failures_total', 'TLS handshakes that did not complete.');

  return {
    registry,
    request: ({ route, status, decision, totalMs, upstreamMs }) => {
      requests.inc({ route, status, decision });
      duration.observe(totalMs / 1000);
      if (upstreamMs !== null) upstreamDuration.observe(upstreamMs / 1000);
    },
    refused: (code) => refused.inc({ code }),
    headerDropped: (count) => headersDropped.inc(count),
    connectionOpened: (listener) => connections.inc({ listener }),
    connectionClosed: (listener) => connections.dec({ listener }),
    connectionRefused: (cap) => connectionsRefused.inc({ cap }),
    requestsWaiting: (line, count) => waiting.set({ line }, count),
    upgradeOpened: () => upgrades.inc(),
    upgradeClosed: () => upgrades.dec(),
    upgradeCut: () => upgradesCut.inc(),
    responseCut: () => responsesCut.inc(),
    upstreamFailed: (code) => upstreamFailures.inc({ code }),
    tlsFailed: () => tlsFailures.inc(),
    keepRoutes: async (routes) => {
      const { values } = await requests.get();
      for (const { labels } of values) {
        if ('route' in labels && !isKnown(labels.route, routes)) requests.remove(labels);
      }
    },
  };
}

/** What this process has counted, as plain data: workers send it to the primary. */
export async function collectMetrics(metrics: Metrics): Promise<MetricSet> {
  return metrics.registry.getMetricsAsJSON();
}

/** The counters of both, histograms included, and no gauge: what a process that has ended leaves behind. */
export function addCounters(one: MetricSet, other: MetricSet): MetricSet {
  const byName = Map.groupBy([...one, ...other].filter(isCounting), ({ name }) => name);
  return [...byName.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const sums = new Map<string, MetricValue>();
    for (const value of [first, ...more].flatMap(({ values }) => values)) {
      const key = JSON.stringify([value.metricName, Object.entries(value.labels).sort()]);
      sums.set(key, { ...value, value: value.value + (sums.get(key)?.value ?? 0) });
    }
    return [{ ...first, values: [...sums.values()] }];
  });
}

function isCounting({ type }: MetricData): boolean {
  return type === 'counter' || type === 'histogram';
}

/** The same without what was counted of routes that are not in `routes`. */
export function withoutOtherRoutes(set: MetricSet, routes: ReadonlySet<string>): MetricSet {
  return set.map((metric) => ({
    ...metric,
    values: metric.values.filter(({ labels }) => isKnown(labels.route, routes)),
  }));
}

/** {@link NO_ROUTE} is none of anybody. */
function isKnown(route: string | number | undefined, routes: ReadonlySet<string>): boolean {
  return route === undefined || route === NO_ROUTE || routes.has(String(route));
}

/** Adds up the sets of several processes, in Prometheus' text format. */
export async function renderMetrics(sets: readonly MetricSet[]): Promise<string> {
  return Registry.aggregate([...sets]).metrics();
}

/** Content type of what {@link renderMetrics} returns. */
export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;
