import {
  type ClusterState,
  type Kind,
  type KubernetesObject,
  type ObjectKey,
  type ObjectOfKind,
  objectKey,
  type UnreadableObject,
} from '../../api/cluster-state.ts';
import {
  DEFAULT_CLASS_ANNOTATION,
  type Ingress,
  type IngressClass,
  LEGACY_CLASS_ANNOTATION,
  type Namespace,
  type StringMap,
} from '../../api/kubernetes.ts';

/** The label that every Namespace has (Kubernetes well-known labels). */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * A {@link ClusterState} of objects that no API server has seen: Ingresses without class get the default one, namespaces that objects
 * lie in exist and have their name label. The result does not depend on the order of the objects.
 */
export function collectState(
  objects: readonly KubernetesObject[],
  unreadable: readonly UnreadableObject[],
): ClusterState {
  const sorted = objects.toSorted((a, b) => compareNames(a.metadata, b.metadata));
  const ingressClasses = ofKind(sorted, 'IngressClass');
  const defaultClass = findDefaultClass([...ingressClasses.values()]);
  const ingresses = [...ofKind(sorted, 'Ingress')].map(
    ([key, ingress]) => [key, withClass(ingress, defaultClass)] as const,
  );
  return {
    ingresses: new Map(ingresses),
    ingressClasses,
    services: ofKind(sorted, 'Service'),
    endpointSlices: ofKind(sorted, 'EndpointSlice'),
    secrets: ofKind(sorted, 'Secret'),
    namespaces: collectNamespaces(sorted, unreadable),
    policies: ofKind(sorted, 'Policy'),
    clusterPolicies: ofKind(sorted, 'ClusterPolicy'),
    identityProviders: ofKind(sorted, 'IdentityProvider'),
    revocations: ofKind(sorted, 'Revocation'),
    unreadable: unreadable
      .toSorted(
        (a, b) => compareText(a.ref.kind, b.ref.kind) || compareNames(a.ref, b.ref) || compareText(a.where, b.where),
      )
      .map((object) => withClassOfLastGood(object, defaultClass)),
  };
}

function ofKind<K extends Kind>(
  objects: readonly KubernetesObject[],
  kind: K,
): ReadonlyMap<ObjectKey, ObjectOfKind<K>> {
  const isOfKind = (object: KubernetesObject): object is ObjectOfKind<K> => object.kind === kind;
  return new Map(
    objects.filter(isOfKind).map((object) => [objectKey(object.metadata.namespace, object.metadata.name), object]),
  );
}

/** As the admission plugin DefaultIngressClass chooses: the newest of those marked, then the first by name. */
function findDefaultClass(classes: readonly IngressClass[]): IngressClass | null {
  const [first] = classes
    .filter(({ metadata }) => metadata.annotations[DEFAULT_CLASS_ANNOTATION] === 'true')
    .toSorted(
      (a, b) =>
        Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp) ||
        compareText(a.metadata.name, b.metadata.name),
    );
  return first ?? null;
}

function withClass(ingress: Ingress, defaultClass: IngressClass | null): Ingress {
  const hasClass =
    ingress.spec.ingressClassName !== undefined || ingress.metadata.annotations[LEGACY_CLASS_ANNOTATION] !== undefined;
  if (hasClass || defaultClass === null) return ingress;
  return { ...ingress, spec: { ...ingress.spec, ingressClassName: defaultClass.metadata.name } };
}

/** Else an Ingress without class would be forgotten as soon as it can not be read. */
function withClassOfLastGood(object: UnreadableObject, defaultClass: IngressClass | null): UnreadableObject {
  const { lastGood } = object;
  return lastGood?.kind === 'Ingress' ? { ...object, lastGood: withClass(lastGood, defaultClass) } : object;
}

/** An unreadable Namespace is not replaced by an empty one, which would declare no hosts. */
function collectNamespaces(
  objects: readonly KubernetesObject[],
  unreadable: readonly UnreadableObject[],
): ReadonlyMap<ObjectKey, Namespace> {
  const written = ofKind(objects, 'Namespace');
  const broken = new Set(unreadable.filter(({ ref }) => ref.kind === 'Namespace').map(({ ref }) => ref.name));
  const mentioned = [
    ...objects.map(({ metadata }) => metadata.namespace),
    ...unreadable.map(({ ref }) => ref.namespace),
  ];
  const implied = new Set(
    mentioned.filter((name) => name !== '' && !broken.has(name) && !written.has(objectKey('', name))),
  );
  const all = [...written.values(), ...[...implied].map(impliedNamespace)].map(withNameLabel);
  return new Map(
    all
      .toSorted((a, b) => compareNames(a.metadata, b.metadata))
      .map((namespace) => [objectKey('', namespace.metadata.name), namespace]),
  );
}

function impliedNamespace(name: string): Namespace {
  const metadata = {
    name,
    namespace: '',
    uid: '',
    generation: 0,
    creationTimestamp: '1970-01-01T00:00:00Z',
    labels: emptyMap(),
    annotations: emptyMap(),
  };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

function withNameLabel(namespace: Namespace): Namespace {
  const { metadata } = namespace;
  const labels: StringMap = Object.assign(emptyMap(), metadata.labels, { [NAME_LABEL]: metadata.name });
  return { ...namespace, metadata: { ...metadata, labels } };
}

/** Without prototype, as every map of names that users choose. */
function emptyMap(): Record<string, string> {
  return Object.create(null);
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function compareNames(a: Named, b: Named): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

/** By code unit, whatever the locale. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
