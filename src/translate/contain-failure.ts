import type { ClusterState } from '../api/cluster-state.ts';
import { changedNamespaces, namespacesOf, withoutNamespaces } from './without-namespaces.ts';

/** What came of a state, and the namespaces that had to be left out for it. */
export interface Contained<T> {
  readonly result: T;
  /** Sorted. Empty: nothing failed. */
  readonly blamed: readonly string[];
  /** What the build failed with; null: nothing. */
  readonly cause: unknown;
}

/**
 * Builds from a state, and where that fails as a whole, which is a defect, finds the namespaces without whose objects it does not: they are denied
 * ({@link withoutNamespaces}), and nobody else's changes are kept from anybody (ISOLATED). Those that did not change since the last build are suspected
 * last.
 *
 * @param before what was last built from; null: nothing yet
 * @throws whatever `build` throws where it is not about the objects of any namespace
 */
export function containFailure<T>(
  build: (state: ClusterState) => T,
  before: ClusterState | null,
  state: ClusterState,
): Contained<T> {
  try {
    return { result: build(state), blamed: [], cause: null };
  } catch (cause) {
    for (const suspects of [changedNamespaces(before, state), namespacesOf(state)]) {
      // Where the hosts and paths of what is new there are not what it fails by, they are nobody else's either.
      for (const claims of ['new', 'known'] as const) {
        const found = findCulprits((left) => build(withoutNamespaces(state, left, before, claims)), suspects);
        if (found !== null) return { ...found, cause };
      }
    }
    throw cause;
  }
}

/** @returns null: it fails without all of them too */
function findCulprits<T>(
  buildWithout: (namespaces: ReadonlySet<string>) => T,
  suspects: readonly string[],
): Omit<Contained<T>, 'cause'> | null {
  const left = new Set(suspects);
  let good = attempt(buildWithout, left);
  if (suspects.length === 0 || good === null) return null;
  /** Takes back the innocent among some, halving them until the others are found. */
  const acquit = (some: readonly string[]) => {
    const tried = attempt(buildWithout, left.difference(new Set(some)));
    if (tried !== null) {
      good = tried;
      for (const namespace of some) left.delete(namespace);
    } else if (some.length > 1) {
      const half = Math.ceil(some.length / 2);
      acquit(some.slice(0, half));
      acquit(some.slice(half));
    }
  };
  acquit(suspects);
  return { result: good.result, blamed: [...left] };
}

function attempt<T>(
  buildWithout: (namespaces: ReadonlySet<string>) => T,
  namespaces: ReadonlySet<string>,
): { readonly result: T } | null {
  try {
    return { result: buildWithout(namespaces) };
  } catch {
    return null;
  }
}
