interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What the operator decides about translation. Everything else comes from objects. */
export interface TranslateOptions {
  /** `spec.controller` of the IngressClasses that are ours, e.g. `entragate.dev/ingress-controller`. */
  readonly controllerName: string;
  /** Only classes with these names; null: every class of `controllerName`. */
  readonly ingressClassNames: readonly string[] | null;
  /** Whether Ingresses that name no class are ours. */
  readonly watchIngressWithoutClass: boolean;
  /** `Declared`: only hosts that a Namespace declares are programmed. `FirstCome`: others go to the oldest Ingress. */
  readonly hostOwnership: 'FirstCome' | 'Declared';
  /** Namespaces whose Ingresses may use rules without host. */
  readonly anyHostNamespaces: readonly string[];
  /** The host of sign-in, which no Ingress can have; null: each host runs its own flow. */
  readonly authHost: string | null;
  /** Secret of type kubernetes.io/tls for the host of sign-in; null: the default certificate. */
  readonly authHostCertificate: SecretName | null;
  /** The IdentityProvider of routes that name none, by name. */
  readonly defaultIdentityProvider: string;
  /** The Service of this release: its endpoints are our own Pods, and never backends; null: there is none. */
  readonly ownService: { readonly namespace: string; readonly name: string } | null;
  /** Secret of type kubernetes.io/tls for hosts without a usable one. */
  readonly defaultCertificate: SecretName | null;
  /** Namespace of the controller: the only one whose Secrets an IdentityProvider can name. */
  readonly controllerNamespace: string;
  /** Origins that `spec.authority` of an IdentityProvider may name, e.g. `https://login.localhost:9443`. */
  readonly allowedAuthorities: readonly string[];
  /** Whether Services of type ExternalName are backends. */
  readonly allowExternalName: boolean;
  /** CIDR ranges that no endpoint may be in, beside those that never are (loopback, link-local, metadata services). */
  readonly deniedCidrs: readonly string[];
  /** Key of the hashes that stand for secret material in the snapshot; random per process, at least 16 bytes. */
  readonly materialKey: Uint8Array;
}
