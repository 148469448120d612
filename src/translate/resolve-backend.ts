import type { ClusterState } from '../api/cluster-state.ts';
import type { IngressBackend, Service, ServiceBackendPort, ServicePort } from '../api/kubernetes.ts';
import { entryOf } from '../snapshot/content-hash.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import type { Backend, BackendProblem, Entry, RouteBackend } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { liveObject } from './live-state.ts';
import type { TranslateOptions } from './translate-options.ts';

/** A Service port to forward to, or why there is none: `problem` is one sentence for the Event. */
export type ResolvedBackend =
  | { readonly ok: true; readonly key: Key; readonly entry: Entry<Backend>; readonly route: RouteBackend }
  | { readonly ok: false; readonly reason: BackendProblem; readonly problem: string };

/** Most ports of a Service that is a backend: each that is used has all endpoints for itself, so that a few objects would become millions (ISOLATED). */
const MOST_PORTS = 100;

/** Finds the Service port that a backend of an Ingress names, in the Ingress's own namespace. */
export function resolveBackend(
  written: IngressBackend,
  namespace: string,
  state: ClusterState,
  options: TranslateOptions,
): ResolvedBackend {
  if (written.resource !== undefined) {
    const problem = `Backend ${written.resource.kind} ${written.resource.name} is a resource, which is answered with 503: name a Service.`;
    return { ok: false, reason: 'resource-backend', problem };
  }
  if (written.service === undefined) {
    return {
      ok: false,
      reason: 'no-backend',
      problem: 'A backend names no Service: its requests are answered with 503.',
    };
  }
  const { name, port: wanted } = written.service;
  const service = liveObject(state.services, namespace, name);
  if (service === null) {
    return {
      ok: false,
      reason: 'service-missing',
      problem: `Service ${name} does not exist: its requests are answered with 503.`,
    };
  }
  if (service.spec.type === 'ExternalName' && !options.allowExternalName) {
    const problem = `Service ${name} is of type ExternalName, which the operator of the controller does not allow.`;
    return { ok: false, reason: 'external-name-refused', problem };
  }
  if (service.spec.ports.length > MOST_PORTS) {
    const problem = `Service ${name} has more than ${MOST_PORTS} ports: its requests are answered with 503.`;
    return { ok: false, reason: 'too-many-ports', problem };
  }
  const port = findPort(service, wanted);
  if (port === null) {
    const text = wanted.name ?? wanted.number ?? '';
    return {
      ok: false,
      reason: 'port-missing',
      problem: `Service ${name} has no TCP port ${text}: its requests are answered with 503.`,
    };
  }
  return listedBackends(service).get(port) ?? backendOf(service, port);
}

/** By what names each port that a Service lists. */
const listedBackends = byIdentity(
  (service: Service) =>
    new Map(service.spec.ports.map((entry) => [portText(entry), backendOf(service, portText(entry))] as const)),
);

function backendOf({ metadata: { namespace, name } }: Service, port: string): ResolvedBackend {
  const key = tableKey('service', namespace, name, port);
  const entry = entryOf<Backend>({ namespace, service: name, port });
  return { ok: true, key, entry, route: { kind: 'service', backend: key } };
}

/** The port of a Service that a {@link Backend} names. */
export function servicePort(service: Service, port: string): ServicePort | null {
  return (
    service.spec.ports.find((entry) => entry.protocol === 'TCP' && portText(entry) === port) ??
    externalPort(service, port)
  );
}

function findPort(service: Service, wanted: ServiceBackendPort): string | null {
  const named = service.spec.ports.find(
    ({ name, port, protocol }) =>
      protocol === 'TCP' && (wanted.name === undefined ? port === wanted.number : name === wanted.name),
  );
  if (named !== undefined) return portText(named);
  const external = wanted.number === undefined ? null : externalPort(service, String(wanted.number));
  return external === null ? null : portText(external);
}

/** Services of type ExternalName need not list ports (Kubernetes Service, "ExternalName"): any number is one. */
function externalPort(service: Service, port: string): ServicePort | null {
  const number = Number(port);
  const isUsable = service.spec.type === 'ExternalName' && Number.isInteger(number) && number >= 1 && number <= 65_535;
  return isUsable ? { name: '', port: number, protocol: 'TCP' } : null;
}

function portText({ name, port }: ServicePort): string {
  return name === '' ? String(port) : name;
}
