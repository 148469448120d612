import { type ClusterState, type ObjectKey, type ObjectRef, objectKey } from '../api/cluster-state.ts';
import type { Secret as SecretObject } from '../api/kubernetes.ts';
import { compareText, entryOf } from '../snapshot/content-hash.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import { Redacted } from '../snapshot/redacted.ts';
import type { Secret } from '../snapshot/secret.ts';
import type { Certificate, Entry } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';
import { isLive } from './live-state.ts';
import { materialHash, readTlsSecret, secretText } from './tls-secret.ts';

/** A piece of secret material by the key it has in `Secrets`, or one sentence part on why there is none. */
export type MaterialReading<Facts = unknown> =
  | (Facts & { readonly ok: true; readonly key: Key; readonly material: string })
  | { readonly ok: false; readonly isMissing: boolean; readonly problem: string };

/** What a certificate says of itself: see `Certificate` of the snapshot. */
export type CertificateFacts = Pick<Certificate, 'names' | 'notAfter'>;

interface KeyPairFacts extends CertificateFacts {
  readonly certificate: Entry<Certificate>;
  readonly pair: Secret;
  readonly expiry: KeyPairExpiry;
}

const missingSecret = { ok: false, isMissing: true, problem: 'does not exist or can not be read' } as const;

/** A certificate of a Secret that something refers to, and when it ends. */
export interface KeyPairExpiry {
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** What becomes of a kubernetes.io/tls Secret, by the key of the hashes, which is the only other thing that it depends on. */
const keyPairs = new WeakMap<Uint8Array, (secret: SecretObject) => KeyPairReading>();

type KeyPairReading = MaterialReading<KeyPairFacts>;

function keyPairReader(materialKey: Uint8Array): (secret: SecretObject) => KeyPairReading {
  return byIdentity((secret) => {
    const read = readTlsSecret(secret);
    if (!read.ok) return { ...read, isMissing: false };
    const { namespace, name } = secret.metadata;
    const { certPem, keyPem, names, notAfter } = read;
    const material = materialHash(materialKey, certPem, keyPem.reveal());
    return {
      ...{ ok: true, key: tableKey('key-pair', namespace, name), names, notAfter, material },
      certificate: entryOf({ names, notAfter, material }),
      pair: { kind: 'key-pair', certPem, keyPem },
      expiry: { namespace, name, notAfter },
    };
  });
}

/** Collects the secrets and certificates that a build refers to, and nothing else. */
export class MaterialCollector {
  readonly secrets = new Map<Key, Secret>();
  readonly certificates = new Map<Key, Entry<Certificate>>();
  readonly #asked = new Map<ObjectKey, ObjectRef>();
  readonly #expiries = new Map<Key, KeyPairExpiry>();
  readonly #state: ClusterState;
  readonly #materialKey: Uint8Array;
  readonly #readKeyPair: (secret: SecretObject) => KeyPairReading;

  constructor(state: ClusterState, materialKey: Uint8Array) {
    this.#state = state;
    this.#materialKey = materialKey;
    this.#readKeyPair = keyPairs.getOrInsertComputed(materialKey, keyPairReader);
  }

  /** Every Secret that was asked for, whether it is there or not. */
  get asked(): readonly ObjectRef[] {
    return [...this.#asked].sort(([a], [b]) => compareText(a, b)).map(([, ref]) => ref);
  }

  /** Of every certificate that was read, be it to serve TLS or to sign in at a provider. */
  get expiries(): readonly KeyPairExpiry[] {
    return [...this.#expiries].sort(([a], [b]) => compareText(a, b)).map(([, expiry]) => expiry);
  }

  /**
   * A certificate to serve TLS with.
   *
   * @param key of the Secret, where it is known
   */
  serverCertificate(
    namespace: string,
    name: string,
    key: ObjectKey = objectKey(namespace, name),
  ): MaterialReading<CertificateFacts> {
    const secret = this.#find(namespace, name, key);
    if (secret === null) return missingSecret;
    const found = readTlsSecret(secret);
    if (found.ok && found.tlsProblem !== null) return { ok: false, isMissing: false, problem: found.tlsProblem };
    const read = this.#take(secret);
    if (read.ok) this.certificates.set(read.key, read.certificate);
    return read;
  }

  /** Certificate and key of a kubernetes.io/tls Secret. */
  keyPair(namespace: string, name: string): KeyPairReading {
    const secret = this.#find(namespace, name);
    return secret === null ? missingSecret : this.#take(secret);
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

  #take(secret: SecretObject): KeyPairReading {
    const read = this.#readKeyPair(secret);
    if (!read.ok) return read;
    this.secrets.set(read.key, read.pair);
    this.#expiries.set(read.key, read.expiry);
    return read;
  }

  #find(namespace: string, name: string, key: ObjectKey = objectKey(namespace, name)): SecretObject | null {
    if (!this.#asked.has(key)) this.#asked.set(key, { kind: 'Secret', namespace, name });
    const secret = this.#state.secrets.get(key);
    return secret !== undefined && isLive(secret) ? secret : null;
  }
}
