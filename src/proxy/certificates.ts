import { createSecureContext, type SecureContext } from 'node:tls';
import type { Key } from '../snapshot/ids.ts';
import type { Log } from '../telemetry/logger.ts';
import type { LinkedSnapshot } from './linked-snapshot.ts';

/** The certificates of the current snapshot, as OpenSSL wants them. Made at the first handshake that needs one. */
export interface Certificates {
  /** Context for the name of a TLS handshake; null: there is no certificate for it, nor a default one. */
  contextFor(serverName: string): SecureContext | null;
  /** PEM of the default certificate, for handshakes without a name; null: none. */
  defaultKeyPair(): KeyPairPem | null;
}

export interface KeyPairPem {
  readonly cert: string;
  readonly key: string;
}

interface CachedContext {
  readonly material: string;
  readonly context: SecureContext | null;
}

/**
 * @param state the current snapshot; a change of it drops no connection, since a handshake asks once and keeps its answer
 */
export function createCertificates(state: () => LinkedSnapshot | null, log: Log): Certificates {
  const cache = new Map<Key, CachedContext>();

  const contextOf = (linked: LinkedSnapshot, key: Key): SecureContext | null => {
    const certificate = linked.snapshot.certificates.get(key)?.value;
    if (certificate === undefined) return null;
    const cached = cache.get(key);
    if (cached !== undefined && cached.material === certificate.material) return cached.context;
    const context = createContext(linked, key, log);
    forgetMissing(cache, linked);
    cache.set(key, { material: certificate.material, context });
    return context;
  };

  return {
    contextFor: (serverName) => {
      const linked = state();
      if (linked === null) return null;
      const host = linked.routing.host(serverName.toLowerCase())?.host;
      const own = host?.certificate.kind === 'secret' ? contextOf(linked, host.certificate.certificate) : null;
      if (own !== null) return own;
      const key = defaultKey(linked);
      return key === null ? null : contextOf(linked, key);
    },
    defaultKeyPair: () => {
      const linked = state();
      const key = linked === null ? null : defaultKey(linked);
      return linked === null || key === null ? null : keyPair(linked, key);
    },
  };
}

function createContext(linked: LinkedSnapshot, key: Key, log: Log): SecureContext | null {
  const pair = keyPair(linked, key);
  if (pair === null) return null;
  try {
    return createSecureContext({ ...pair, minVersion: 'TLSv1.2' });
  } catch {
    // OpenSSL's message may quote the PEM: it is left out.
    log.error({ code: 'certificate-unusable', certificate: key }, 'A certificate and its key can not be used together');
    return null;
  }
}

function keyPair(linked: LinkedSnapshot, key: Key): KeyPairPem | null {
  const secret = linked.secrets.get(key);
  return secret?.kind === 'key-pair' ? { cert: secret.certPem, key: secret.keyPem.reveal() } : null;
}

function defaultKey(linked: LinkedSnapshot): Key | null {
  for (const { value } of linked.snapshot.settings.values()) {
    return value.defaultCertificate.kind === 'secret' ? value.defaultCertificate.certificate : null;
  }
  return null;
}

function forgetMissing(cache: Map<Key, CachedContext>, linked: LinkedSnapshot): void {
  for (const key of cache.keys()) if (!linked.snapshot.certificates.has(key)) cache.delete(key);
}
