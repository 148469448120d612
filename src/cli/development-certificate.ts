import { type ClusterState, objectKey } from '../api/cluster-state.ts';
import type { Secret } from '../api/kubernetes.ts';
import type { KeyPairPem, LocalAuthority } from './local-authority.ts';

/** Where the certificate of `entragate dev` stands among the objects. */
export const developmentCertificateName = 'development-certificate';

/**
 * The default certificate of `entragate dev`: names every routed host below `localhost`, and is issued again when a manifest
 * adds one. Hosts elsewhere need a TLS Secret of their own, as in a cluster, or a certificate on the command line, which
 * takes the place of ours: the local authority cannot vouch for them.
 */
export class DevelopmentCertificate {
  readonly #authority: LocalAuthority;
  readonly #authHost: string | null;
  readonly #namespace: string;
  readonly #given: Secret | null;
  #secret: Secret | null = null;
  #names: readonly string[] = [];

  constructor(authority: LocalAuthority, namespace: string, authHost: string | null, given: KeyPairPem | null) {
    this.#authority = authority;
    this.#namespace = namespace;
    this.#authHost = authHost;
    this.#given = given === null ? null : tlsSecret(namespace, given);
  }

  /** The same objects with the certificate's Secret among them. */
  async overlay(state: ClusterState): Promise<ClusterState> {
    const secret = this.#given ?? (await this.#cover(localNames(state, this.#authHost)));
    const key = objectKey(secret.metadata.namespace, secret.metadata.name);
    return { ...state, secrets: new Map(state.secrets).set(key, secret) };
  }

  /** Names that were needed once stay, so that a host that comes and goes changes nothing. */
  async #cover(names: readonly string[]): Promise<Secret> {
    const isCovered = names.every((name) => this.#names.includes(name));
    if (this.#secret !== null && isCovered) return this.#secret;
    this.#names = [...new Set([...this.#names, ...names])].sort();
    this.#secret = tlsSecret(this.#namespace, await this.#authority.issue(this.#names));
    return this.#secret;
  }
}

function localNames(state: ClusterState, authHost: string | null): readonly string[] {
  const rules = [...state.ingresses.values()].flatMap(({ spec }) => [
    ...spec.rules.map(({ host }) => host ?? ''),
    ...spec.tls.flatMap(({ hosts }) => hosts),
  ]);
  return ['localhost', ...rules, authHost ?? ''].filter((name) => name === 'localhost' || name.endsWith('.localhost'));
}

function tlsSecret(namespace: string, { certPem, keyPem }: KeyPairPem): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: developmentCertificateName,
      namespace,
      uid: '',
      generation: 0,
      creationTimestamp: '1970-01-01T00:00:00Z',
      labels: {},
      annotations: {},
    },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certPem), 'tls.key': base64(keyPem) },
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
