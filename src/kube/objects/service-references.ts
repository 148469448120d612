import { type ObjectKey, objectKey } from '../../api/cluster-state.ts';
import type { Ingress } from '../../api/kubernetes.ts';

/** The Services that Ingresses name, in their own namespace. */
export function referencedServices(ingresses: Iterable<Ingress>): ReadonlySet<ObjectKey> {
  const keys = new Set<ObjectKey>();
  for (const { metadata, spec } of ingresses) {
    const backends = [
      spec.defaultBackend,
      ...spec.rules.flatMap(({ http }) => (http?.paths ?? []).map((path) => path.backend)),
    ];
    for (const backend of backends) {
      if (backend?.service !== undefined) keys.add(objectKey(metadata.namespace, backend.service.name));
    }
  }
  return keys;
}
