import { isRecord } from '../../../src/api/normalize.ts';
import { until } from '../../support/until.ts';
import type { ApiAnswer, ApiRequests } from '../kube/api-requests.ts';
import { applyObject, namespaceObject, type TestObject, tryObject } from '../kube/objects.ts';
import { chartObjects, minimalValues } from './render-chart.ts';

/** How the API server takes an object. */
export type Outcome =
  | { readonly kind: 'accepted' }
  /** Refused by an admission policy, with its words. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Refused by the API server itself. */
  | { readonly kind: 'invalid'; readonly message: string };

/** Reads an answer. */
export function outcomeOf({ status, body }: ApiAnswer): Outcome {
  if (status === 200 || status === 201) return { kind: 'accepted' };
  const message = isRecord(body) && typeof body.message === 'string' ? body.message : JSON.stringify(body);
  const [, said] =
    /^.*ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request: (.*)$/s.exec(message) ?? [];
  return said === undefined ? { kind: 'invalid', message } : { kind: 'refused', message: said };
}

/** How the API server would take an object; nothing is written. */
export async function outcome(admin: ApiRequests, object: TestObject): Promise<Outcome> {
  return outcomeOf(await tryObject(admin, object));
}

/** An Ingress as tests vary it. */
export interface IngressVariant {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** null: no class. */
  readonly className?: string | null;
  readonly hosts?: readonly string[];
  readonly tlsHosts?: readonly string[];
  readonly paths?: readonly string[];
  /** Alone, without rules. */
  readonly defaultBackend?: boolean;
}

/** An Ingress of the class `entragate` that nothing is wrong with, but for what is given. */
export function ingressVariant({
  name = 'ledger',
  namespace = 'apps',
  labels = {},
  annotations = { 'entragate.dev/policies': 'finance' },
  className = 'entragate',
  hosts = ['ledger.example.com'],
  tlsHosts = [],
  paths = ['/'],
  defaultBackend = false,
}: IngressVariant): TestObject {
  const backend = { service: { name: 'ledger', port: { number: 80 } } };
  const entries = paths.map((path) => ({ path, pathType: 'ImplementationSpecific', backend }));
  const rules = hosts.map((host) => ({ ...(host === '' ? {} : { host }), http: { paths: entries } }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name, labels, annotations },
    spec: {
      ...(className === null ? {} : { ingressClassName: className }),
      ...(defaultBackend ? { defaultBackend: backend } : { rules }),
      ...(tlsHosts.length === 0 ? {} : { tls: [{ hosts: tlsHosts, secretName: 'ledger-tls' }] }),
    },
  };
}

/** A value that every policy for Ingresses refuses. */
const refused = { 'entragate.dev/access': 'everybody' };

/**
 * Installs the admission policies of a release of the chart, and waits until those for Ingresses and Namespaces are in force.
 *
 * @param where a Namespace that is there, and that the release follows
 */
export async function installPolicies(
  admin: ApiRequests,
  name: string,
  values: Readonly<Record<string, unknown>>,
  className: string,
  where = 'apps',
): Promise<void> {
  const release = { name, namespace: 'entragate', values: { ...minimalValues, ...values } };
  for (const object of await chartObjects(release, 'without hooks')) {
    if (object.kind.startsWith('ValidatingAdmissionPolicy')) await applyObject(admin, object);
  }
  const probe = ingressVariant({ name: 'probe', namespace: where, className, annotations: refused });
  await until(async () => (await outcome(admin, probe)).kind === 'refused');
  await until(async () => (await outcome(admin, namespaceObject(where, refused))).kind === 'refused');
}
