import { ANNOTATION_PREFIX } from '../api/annotations.ts';
import { type ClusterState, describeRef, type ObjectRef, refOf } from '../api/cluster-state.ts';
import type { FileProblem } from '../kube/manifests/manifest-file.ts';
import type { FilePosition, ManifestReading } from '../kube/manifests/manifest-set.ts';
import type { Finding, FindingKind } from '../translate/findings.ts';
import type { Translation } from '../translate/translation.ts';

/** `error`: requests are denied, refused or unanswered because of it. `warning`: it works, and is probably not meant. */
export type Severity = 'error' | 'warning';

/** What a problem is about, for programs. */
type ManifestProblemCode =
  | FindingKind
  | 'manifest-invalid'
  | 'object-unreadable'
  | 'class-of-others'
  | 'operator-certificate'
  | 'default-provider-missing'
  | 'no-objects';

/** Something wrong in manifests, with its place. */
export interface ManifestProblem {
  readonly severity: Severity;
  readonly code: ManifestProblemCode;
  /** null: in no file. */
  readonly place: FilePosition | null;
  /** `Policy apps/finance`; empty when it is not known whose field it is. */
  readonly object: string;
  /** `spec.groups[0]`; empty for the whole object or file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** Where fields of objects stand. */
export type LocateField = ManifestReading['locate'];

/** A Secret or Service that is not among the manifests may well be in the cluster. */
export const severities: Readonly<Record<FindingKind, Severity>> = {
  'access-denied': 'error',
  'host-invalid': 'error',
  'host-refused': 'error',
  'too-many-hosts': 'error',
  'path-refused': 'error',
  'path-duplicate': 'warning',
  'backend-unavailable': 'warning',
  'secret-missing': 'warning',
  'secret-unusable': 'error',
  'certificate-missing': 'warning',
  'certificate-for-other-names': 'warning',
  'certificate-expired': 'warning',
  'policy-invalid': 'error',
  'policy-questionable': 'warning',
  'identity-provider-invalid': 'error',
  'identity-provider-questionable': 'warning',
  'namespace-annotation-invalid': 'error',
};

/**
 * Joins what is wrong in files with what translation found in the objects, in the order of files and lines.
 *
 * @param state what was translated
 */
export function manifestProblems(
  files: readonly FileProblem[],
  state: ClusterState,
  translation: Translation,
  locate: LocateField,
): readonly ManifestProblem[] {
  const problems = [
    ...files.map(fromFile),
    ...translation.findings.map((finding) => fromFinding(finding, locate)),
    ...annotatedForOthers(state, translation, locate),
  ];
  return problems.toSorted(byPlace);
}

/** `file:line:column: error: object: field: what is wrong; what to write`. */
export function formatProblem({ severity, place, object, path, message, hint }: ManifestProblem): string {
  const where = place === null ? '' : `${place.file}:${place.line}:${place.column}`;
  const parts = [where, severity, object, path, hint === '' ? message : `${message}; ${hint}`];
  return parts.filter((part) => part !== '').join(': ');
}

function fromFile({ file, line, column, ...problem }: FileProblem): ManifestProblem {
  return { severity: 'error', code: 'manifest-invalid', place: { file, line, column }, ...problem };
}

function fromFinding({ ref, kind, path, message, hint }: Finding, locate: LocateField): ManifestProblem {
  const place = locate(ref, path);
  return { severity: severities[kind], code: kind, place, object: describeRef(ref), path, message, hint };
}

/** An Ingress with our annotations and a class of somebody else: nothing here protects it. */
function annotatedForOthers(
  state: ClusterState,
  { statuses }: Translation,
  locate: LocateField,
): readonly ManifestProblem[] {
  const ours = new Set(statuses.map(({ ref }) => describeRef(ref)));
  return [...state.ingresses.values()].flatMap((ingress): readonly ManifestProblem[] => {
    const ref: ObjectRef = refOf(ingress);
    const { annotations, deletionTimestamp } = ingress.metadata;
    const isAnnotated = Object.keys(annotations).some((name) => name.startsWith(ANNOTATION_PREFIX));
    if (!isAnnotated || deletionTimestamp !== undefined || ours.has(describeRef(ref))) return [];
    const path = 'spec.ingressClassName';
    const message =
      'has our annotations, but no class of ours: it is not served here, and where another controller serves it, without any sign-in';
    const hint = 'write ingressClassName: entragate, or remove the annotations';
    const place = locate(ref, path);
    return [{ severity: 'warning', code: 'class-of-others', place, object: describeRef(ref), path, message, hint }];
  });
}

/** By file, line and column; what is in no file comes first. */
function byPlace({ place: a }: ManifestProblem, { place: b }: ManifestProblem): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
