import type { Ingress, IngressBackend, IngressPath } from '../api/kubernetes.ts';
import { quoted } from '../api/quoted.ts';
import type { Access, HostPattern, Route, RouteBackend, RoutePath } from '../snapshot/snapshot.ts';
import { compareRoutePaths } from '../snapshot/validate-host.ts';
import { byIdentity } from './by-identity.ts';
import type { Findings } from './findings.ts';
import { describeHost } from './host-pattern.ts';
import { type IngressPathReading, readIngressPath } from './ingress-path.ts';
import type { Claimant, OwnRule } from './own-ingress.ts';

/** Turns the backend at a path of an Ingress into what a route holds; reports what is wrong with it. */
export type BackendResolver = (backend: IngressBackend, ingress: Ingress, path: string) => RouteBackend;

/** A path of one Ingress before those of all Ingresses of the host are merged. */
interface Candidate {
  readonly ingress: Ingress;
  /** Where the Ingress says it, e.g. `spec.rules[0].http.paths[1]`. */
  readonly at: string;
  readonly path: RoutePath;
  readonly access: Access;
  readonly backend: RouteBackend;
}

/**
 * Merges the paths of all Ingresses of a host. For the same path the oldest Ingress wins. What nothing else matches goes
 * to the default backends of the Ingresses; behind them come the denials that stand for refused paths.
 *
 * @param claimants those that have the host, oldest first
 * @returns routes in match order
 */
export function buildRoutes(
  pattern: HostPattern,
  claimants: readonly Claimant[],
  resolveBackend: BackendResolver,
  findings: Findings,
): readonly Route[] {
  const read = claimants.filter(hasPaths).map((claimant) => readPaths(claimant, resolveBackend, findings));
  const routes = new Map<string, Candidate>();
  for (const candidate of read.flatMap(({ written }) => written)) {
    const key = pathKey(candidate.path);
    const holder = routes.get(key);
    if (holder === undefined) routes.set(key, candidate);
    else
      findings.add(
        candidate.ingress,
        'path-duplicate',
        `${candidate.at}.path`,
        duplicateText(pattern, candidate, holder),
      );
  }
  for (const candidate of [...read.flatMap(({ fallback }) => fallback), ...read.flatMap(({ guards }) => guards)]) {
    const key = pathKey(candidate.path);
    if (!routes.has(key)) routes.set(key, candidate);
  }
  if (routes.size === 0) reportPathless(pattern, claimants, findings);
  const sorted = [...routes.values()].sort((a, b) => compareRoutePaths(a.path, b.path));
  return sorted.map((candidate) => toRoute(pattern, candidate));
}

const root: RoutePath = { type: 'Prefix', value: '/' };

const noBackend: RouteBackend = { kind: 'unavailable', reason: 'no-backend' };

/** The one route of a host that is denied as a whole. */
export function denyingRoute(pattern: HostPattern, { ingress, access }: Pick<Candidate, 'ingress' | 'access'>): Route {
  return toRoute(pattern, { ingress, path: root, access, backend: noBackend });
}

/** A path as it stands in an Ingress, and how it was read. */
interface WrittenPath {
  readonly path: IngressPath;
  readonly reading: IngressPathReading;
  /** The same object for all paths with equal ones, so that it is looked for once. */
  readonly backend: IngressBackend;
  readonly at: string;
}

/** The paths of all rules that one Ingress has for a host. */
const writtenPaths = byIdentity((rules: readonly OwnRule[]): readonly WrittenPath[] => {
  const backends = new Map<string, IngressBackend>();
  return rules.flatMap(({ at, paths }) =>
    paths.map((path, index) => ({
      path,
      reading: readIngressPath(path),
      backend: backends.getOrInsert(JSON.stringify(path.backend), path.backend),
      at: `${at}.http.paths[${index}]`,
    })),
  );
});

interface ReadPaths {
  readonly written: readonly Candidate[];
  readonly fallback: readonly Candidate[];
  readonly guards: readonly Candidate[];
}

/** A default backend is a path of every host that there is a rule for. */
function hasPaths({ own, rules }: Claimant): boolean {
  return rules.some(({ paths }) => paths.length > 0 || own.ingress.spec.defaultBackend !== undefined);
}

function readPaths({ own, rules }: Claimant, resolveBackend: BackendResolver, findings: Findings): ReadPaths {
  const {
    ingress,
    access: { access },
  } = own;
  const paths = writtenPaths(rules);
  const guards = paths.flatMap((written) => guardFor(written, ingress, findings));
  const guarded = new Set(guards.map((guard) => pathKey(guard.path)));
  const accessOf = (path: RoutePath) => (guarded.has(pathKey(path)) ? refusedPath(path) : access);
  const backends = new Map<IngressBackend, RouteBackend>();
  const written = paths.flatMap(({ reading, backend: named, at }) => {
    if (!reading.ok) return [];
    const backend = backends.getOrInsertComputed(named, () => resolveBackend(named, ingress, `${at}.backend`));
    return [{ ingress, at, path: reading.path, access: accessOf(reading.path), backend }];
  });
  const { defaultBackend } = ingress.spec;
  if (defaultBackend === undefined) return { written, fallback: [], guards };
  const at = 'spec.defaultBackend';
  const backend = resolveBackend(defaultBackend, ingress, at);
  const fallback = { ingress, at, path: root, access: accessOf(root), backend };
  return { written, fallback: [fallback], guards };
}

/** Where all rules of a host are without paths, and their Ingresses without default backends. */
function reportPathless(pattern: HostPattern, claimants: readonly Claimant[], findings: Findings): void {
  const message = `No rule for ${describeHost(pattern)} has a path: requests to it are answered with 404.`;
  for (const { own, rules } of claimants) {
    for (const { at } of rules) findings.add(own.ingress, 'backend-unavailable', at, message);
  }
}

/** Requests in front of a refused path are denied rather than left to a wider route of the same host. */
function guardFor({ path, reading, at }: WrittenPath, ingress: Ingress, findings: Findings): readonly Candidate[] {
  if (reading.ok) return [];
  const written = quoted(path.path ?? '');
  const effect =
    reading.guard === null ? '' : ` Requests below ${reading.guard.value} that nothing else matches are denied.`;
  const message = `Path ${written} ${reading.problem}; it is not programmed.${effect}`;
  findings.add(ingress, 'path-refused', `${at}.path`, message);
  if (reading.guard === null) return [];
  return [{ ingress, at, path: reading.guard, access: refusedPath(reading.guard), backend: noBackend }];
}

function refusedPath({ value }: RoutePath): Access {
  const detail = `A path below ${value} of the Ingress is refused: see its Event.`;
  return { kind: 'denied', reason: 'path-refused', detail };
}

/** Only Ingresses of the namespace that has the host come together here, so that naming one tells nobody about another. */
function duplicateText(pattern: HostPattern, { ingress, path }: Candidate, holder: Candidate): string {
  const where = `${path.type} path ${path.value} of ${describeHost(pattern)}`;
  if (holder.ingress === ingress) return `${where} is there twice: the first one counts.`;
  return `${where} is programmed from the older Ingress ${holder.ingress.metadata.name}.`;
}

function toRoute(pattern: HostPattern, { ingress, path, access, backend }: Omit<Candidate, 'at'>): Route {
  const { namespace, name } = ingress.metadata;
  return {
    id: `${namespace}/${name} ${describeHost(pattern)} ${path.type === 'Exact' ? '=' : ''}${path.value}`,
    ingress: nameOf(ingress),
    path,
    access,
    backend,
  };
}

const nameOf = byIdentity(({ metadata: { namespace, name } }: Ingress): Route['ingress'] => ({ namespace, name }));

const pathKey = byIdentity(({ type, value }: RoutePath): string => `${type} ${value}`);
