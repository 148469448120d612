import type { Access, Snapshot } from '../snapshot/snapshot.ts';
import { describeHost } from '../translate/host-pattern.ts';
import { formatProblem, type ManifestProblem } from './manifest-problems.ts';

/** The outcome of `entragate check`. */
export interface CheckReport {
  readonly isSound: boolean;
  readonly problems: readonly ManifestProblem[];
  /** What became of each Ingress of a cluster; empty for manifests, which nobody serves yet. */
  readonly ingresses: readonly IngressState[];
  readonly snapshot: Snapshot;
}

/** Raised when a field of the JSON changes its meaning or goes; new fields may come without. Described in docs/check.md. */
const JSON_VERSION = 1;

/** What the Event of an Ingress says. */
export interface IngressState {
  /** `apps/ledger`. */
  readonly ingress: string;
  readonly reason: string;
  readonly message: string;
}

interface CheckSummary {
  readonly errors: number;
  readonly warnings: number;
  readonly routes: number;
}

/** One path of one host, and who may pass. */
interface CheckedRoute {
  readonly host: string;
  readonly path: string;
  readonly pathType: 'Exact' | 'Prefix';
  readonly access: Access['kind'];
  /** `apps/finance`, `cluster/employees`. */
  readonly policies: readonly string[];
  /** `apps/ledger`. */
  readonly ingress: string;
}

/** One line for each Ingress of a cluster and for each problem, then a summary: what compilers print, so that editors find the places. */
export function checkText(report: CheckReport): string {
  const { errors, warnings, routes } = summarize(report);
  const summary = `${count(errors, 'error')}, ${count(warnings, 'warning')}; ${count(routes, 'route')}`;
  const ingresses = report.ingresses.map(({ ingress, reason, message }) => `Ingress ${ingress}: ${reason}: ${message}`);
  return [...ingresses, ...report.problems.map(formatProblem), summary, ''].join('\n');
}

/** The same for programs, with the routes that the manifests make. */
export function checkJson(report: CheckReport): string {
  const problems = report.problems.map(({ severity, code, place, object, path, message, hint }) => ({
    severity,
    code,
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
    object,
    path,
    message,
    hint,
  }));
  const document = {
    version: JSON_VERSION,
    ok: report.isSound,
    summary: summarize(report),
    problems,
    ingresses: report.ingresses,
    routes: checkedRoutes(report.snapshot),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function summarize({ problems, snapshot }: CheckReport): CheckSummary {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: problems.length - errors, routes: checkedRoutes(snapshot).length };
}

function checkedRoutes({ hosts, policies }: Snapshot): readonly CheckedRoute[] {
  return [...hosts.values()].flatMap(({ value: { pattern, routes } }) =>
    routes.map(({ path, access, ingress }) => ({
      host: describeHost(pattern),
      path: path.value,
      pathType: path.type,
      access: access.kind,
      policies: access.kind === 'policy' ? access.policies.map((key) => policies.get(key)?.value.name ?? key) : [],
      ingress: `${ingress.namespace}/${ingress.name}`,
    })),
  );
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
