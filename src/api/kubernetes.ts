/**
 * The built-in kinds, cut down to the fields that translation reads, as they are after `validateObject` normalised them:
 * `null` is absent, lists and maps with a natural empty value are always there, unread fields (`managedFields` first) are gone.
 * Free maps (labels, annotations, Secret data) have no prototype, so that a key such as `constructor` finds nothing.
 * Source: Kubernetes API reference v1.36, networking.k8s.io/v1, discovery.k8s.io/v1 and core v1.
 */

/** A map with keys that users choose. Has no prototype. */
export type StringMap = Readonly<Record<string, string>>;

/** `metadata`, always present. */
export interface ObjectMeta {
  readonly name: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  /** Empty where the source has none (files). */
  readonly uid: string;
  /** Counts changes of `spec`; at least 1 for objects of a file, 0 where the kind has none (Secret, Namespace). */
  readonly generation: number;
  /** RFC 3339. The epoch for objects of a file that do not say otherwise. */
  readonly creationTimestamp: string;
  /** RFC 3339; present while the object is being deleted. */
  readonly deletionTimestamp?: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
}

/** networking.k8s.io/v1 Ingress. */
export interface Ingress {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'Ingress';
  readonly metadata: ObjectMeta;
  readonly spec: IngressSpec;
  readonly status: { readonly loadBalancer: { readonly ingress: readonly IngressAddress[] } };
}

/** `spec` of an {@link Ingress}. */
interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: IngressBackend;
  readonly tls: readonly IngressTls[];
  readonly rules: readonly IngressRule[];
}

/** One entry of `spec.tls`: without `hosts` it means the rule hosts, without `secretName` the default certificate. */
interface IngressTls {
  readonly hosts: readonly string[];
  readonly secretName?: string;
}

/** One entry of `spec.rules`. Without `host` it is for every host; without `http` everything goes to the default backend. */
interface IngressRule {
  readonly host?: string;
  readonly http?: { readonly paths: readonly IngressPath[] };
}

/** One path of a rule. An absent `path` (ImplementationSpecific only) means `/`. */
export interface IngressPath {
  readonly path?: string;
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backend: IngressBackend;
}

/** Exactly one of `service` and `resource`. */
export interface IngressBackend {
  readonly service?: { readonly name: string; readonly port: ServiceBackendPort };
  readonly resource?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
}

/** Exactly one of `name` and `number`. */
export interface ServiceBackendPort {
  readonly name?: string;
  readonly number?: number;
}

/** One entry of `status.loadBalancer.ingress`. */
interface IngressAddress {
  readonly ip?: string;
  readonly hostname?: string;
}

/** networking.k8s.io/v1 IngressClass. */
export interface IngressClass {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'IngressClass';
  readonly metadata: ObjectMeta;
  readonly spec: { readonly controller: string };
}

/** core v1 Service. */
export interface Service {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    /** Lower-case RFC 1123 name; only with type ExternalName. */
    readonly externalName?: string;
    /** First one is the family that traffic uses. Empty where no API server filled it in (files). */
    readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
    readonly ports: readonly ServicePort[];
  };
}

/** One entry of `spec.ports` of a {@link Service}; `name` may be empty when it is the only one. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** discovery.k8s.io/v1 EndpointSlice. Its Service is named by the label {@link SERVICE_NAME_LABEL}. */
export interface EndpointSlice {
  readonly apiVersion: 'discovery.k8s.io/v1';
  readonly kind: 'EndpointSlice';
  readonly metadata: ObjectMeta;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly EndpointPort[];
}

/** One endpoint of an {@link EndpointSlice}. */
interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: EndpointConditions;
}

/** Unset means: `ready` true, `serving` as `ready`, `terminating` false. */
interface EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** One port of an {@link EndpointSlice}, joined to a Service port by `name`. Without `port` it means every port, which no route can use. */
interface EndpointPort {
  readonly name: string;
  readonly port?: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** core v1 Secret. `data` values are base64 (RFC 4648, padded) and must never be printed. */
export interface Secret {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: ObjectMeta;
  readonly type: string;
  readonly data: StringMap;
}

/** core v1 Namespace: labels for selectors, annotations for declared hosts. */
export interface Namespace {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: ObjectMeta;
}

/** Label of an EndpointSlice that names its Service (discovery.k8s.io/v1, well-known). */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** The annotation that named a class before `spec.ingressClassName` did. */
export const LEGACY_CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Annotation of the IngressClass that Ingresses without a class get. */
export const DEFAULT_CLASS_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';
