import type { ClusterState, ObjectRef } from '../api/cluster-state.ts';
import type { Secret as SecretObject } from '../api/kubernetes.ts';
import { compareText, entryOf } from '../snapshot/content-hash.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import { Redacted } from '../snapshot/redacted.ts';
import type { Secret } from '../snapshot/secret.ts';
import type { Certificate, Entry } from '../snapshot/snapshot.ts';
import { liveObject } from './live-state.ts';
import { materialHash, readTlsSecret, secretText } from './tls-secret.ts';

/** A piece of secret material by the key it has in `Secrets`, or one sentence part on why there is none. */
export type MaterialReading<Facts = unknown> =
  | (Facts & { readonly ok: true; readonly key: Key; readonly material: string })
  | { readonly ok: false; readonly isMissing: boolean; readonly problem: string };

/** What a certificate says of itself: see `Certificate` of the snapshot. */
export type CertificateFacts = Pick<Certificate, 'names' | 'notAfter'>;

const missingSecret = { ok: false, isMissing: true, problem: 'does not exist or can not be read' } as const;

/** A certificate of a Secret that something refers to, and when it ends. */
export interface KeyPairExpiry {
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Collects the secrets and certificates that a build refers to, and nothing else. */
export class MaterialCollector {
  readonly secrets = new Map<Key, Secret>();
  readonly certificates = new Map<Key, Entry<Certificate>>();
  readonly #asked = new Map<Key, ObjectRef>();
  readonly #expiries = new Map<Key, KeyPairExpiry>();
  readonly #state: ClusterState;
  readonly #materialKey: Uint8Array;

  constructor(state: ClusterState, materialKey: Uint8Array) {
    this.#state = state;
    this.#materialKey = materialKey;
  }

  /** Every Secret that was asked for, whether it is there or not. */
  get asked(): readonly ObjectRef[] {
    return [...this.#asked].sort(([a], [b]) => compareText(a, b)).map(([, ref]) => ref);
  }

  /** Of every certificate that was read, be it to serve TLS or to sign in at a provider. */
  get expiries(): readonly KeyPairExpiry[] {
    return [...this.#expiries].sort(([a], [b]) => compareText(a, b)).map(([, expiry]) => expiry);
  }

  /** A certificate to serve TLS with. */
  serverCertificate(namespace: string, name: string): MaterialReading<CertificateFacts> {
    const secret = this.#find(namespace, name);
    const found = secret === null ? null : readTlsSecret(secret);
    if (found?.ok && found.tlsProblem !== null) return { ok: false, isMissing: false, problem: found.tlsProblem };
    const read = this.keyPair(namespace, name);
    if (!read.ok || this.certificates.has(read.key)) return read;
    this.certificates.set(read.key, entryOf({ names: read.names, notAfter: read.notAfter, material: read.material }));
    return read;
  }

  /** Certificate and key of a kubernetes.io/tls Secret. */
  keyPair(namespace: string, name: string): MaterialReading<CertificateFacts> {
    const secret = this.#find(namespace, name);
    if (secret === null) return missingSecret;
    const read = readTlsSecret(secret);
    if (!read.ok) return { ...read, isMissing: false };
    const key = tableKey('key-pair', namespace, name);
    const { certPem, keyPem, names, notAfter } = read;
    if (!this.secrets.has(key)) this.secrets.set(key, { kind: 'key-pair', certPem, keyPem });
    this.#expiries.set(key, { namespace, name, notAfter });
    return { ok: true, key, names, notAfter, material: materialHash(this.#materialKey, certPem, keyPem.reveal()) };
  }

  /** One value of a Secret. A line break at its end, which `echo` and editors leave, is not part of it. */
  clientSecret(namespace: string, name: string, dataKey: string): MaterialReading {
    const secret = this.#find(namespace, name);
    if (secret === null) return missingSecret;
    const text = secretText(secret, dataKey)?.replace(/\r?\n$/, '') ?? '';
    if (text === '') return { ok: false, isMissing: false, problem: `has no value under ${dataKey}` };
    const key = tableKey('client-secret', namespace, name, dataKey);
    this.secrets.set(key, { kind: 'client-secret', value: new Redacted(text) });
    return { ok: true, key, material: materialHash(this.#materialKey, text) };
  }

  #find(namespace: string, name: string): SecretObject | null {
    this.#asked.set(tableKey('secret', namespace, name), { kind: 'Secret', namespace, name });
    return liveObject(this.#state.secrets, namespace, name);
  }
}
