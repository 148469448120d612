import { HOSTS_ANNOTATION, parseNamespaceAnnotations, writtenHosts } from '../api/annotations.ts';
import type { ClusterState } from '../api/cluster-state.ts';
import { formatPath } from '../api/field-problem.ts';
import type { Namespace } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import { describeHost, hostKey, readHostPattern, wildcardOver } from './host-pattern.ts';
import { compareAge } from './live-state.ts';

/** Hosts that Namespaces declare with the annotation `entragate.dev/hosts`. */
export interface DeclaredHosts {
  /** By key of the pattern. */
  readonly byPattern: ReadonlyMap<Key, DeclaredHost>;
  /** What is wrong with a Namespace's annotations. */
  readonly problems: ReadonlyMap<Namespace, readonly NamespaceProblem[]>;
}

/** A field of a Namespace, what is wrong with it, and what to write. */
export interface NamespaceProblem {
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** A pattern, and the namespace that has it. */
export interface DeclaredHost {
  readonly pattern: HostPattern;
  readonly namespace: string;
}

const hostsPath = formatPath(['metadata', 'annotations', HOSTS_ANNOTATION]);

/**
 * Reads what Namespaces declare. A pattern that two Namespaces declare belongs to the older one. A malformed entry
 * declares nothing, and the entries beside it stand: otherwise a typing error would give them to whoever comes first.
 * For the same reason a Namespace keeps its hosts while it is being deleted or can not be read.
 */
export function readDeclaredHosts(state: ClusterState): DeclaredHosts {
  const byPattern = new Map<Key, DeclaredHost>();
  const problems = new Map<Namespace, NamespaceProblem[]>();
  const lastGood = state.unreadable.map((object) => object.lastGood).filter((object) => object?.kind === 'Namespace');
  for (const namespace of [...state.namespaces.values(), ...lastGood].sort(compareAge)) {
    const own: NamespaceProblem[] = [];
    const read = parseNamespaceAnnotations(namespace);
    if (!read.ok) own.push(...read.problems.map(({ path, message, hint }) => ({ path, message, hint })));
    for (const pattern of declaredPatterns(namespace)) {
      const key = hostKey(pattern);
      if (byPattern.has(key)) {
        const message = `declares ${describeHost(pattern)}, which an older Namespace declares already and keeps`;
        own.push({ path: hostsPath, message, hint: '' });
      } else {
        byPattern.set(key, { pattern, namespace: namespace.metadata.name });
      }
    }
    if (own.length > 0) problems.set(namespace, own);
  }
  return { byPattern, problems };
}

/** The most specific declaration that covers a pattern: an exact name before the wildcard over it. */
export function declarationOf(declared: DeclaredHosts, pattern: HostPattern): DeclaredHost | null {
  const exact = declared.byPattern.get(hostKey(pattern));
  if (exact !== undefined) return exact;
  const wildcard = wildcardOver(pattern);
  return wildcard === null ? null : (declared.byPattern.get(hostKey(wildcard)) ?? null);
}

function declaredPatterns(namespace: Namespace): readonly HostPattern[] {
  const patterns = new Map<Key, HostPattern>();
  for (const text of writtenHosts(namespace)) {
    const read = readHostPattern(text);
    if (read.ok) patterns.set(hostKey(read.pattern), read.pattern);
  }
  return [...patterns.values()];
}
