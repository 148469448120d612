import type { Key } from './ids.ts';
import { Redacted } from './redacted.ts';
import type { Secret, Secrets } from './secret.ts';

/** What changed between two sets of secrets. Prints as `[redacted]`; crosses the process border as {@link SecretsMessage} only. */
export interface SecretsDelta {
  readonly upserts: readonly (readonly [Key, Secret])[];
  readonly deletes: readonly Key[];
}

/** Secrets in clear: exists only while it is handed from process to process. Never log it, never keep it. */
export interface SecretsMessage {
  readonly upserts: readonly (readonly [Key, ClearSecret])[];
  readonly deletes: readonly Key[];
}

type ClearSecret =
  | { readonly kind: 'key-pair'; readonly certPem: string; readonly keyPem: string }
  | { readonly kind: 'client-secret'; readonly value: string };

/**
 * What turns `previous` into `next`.
 *
 * @param previous null: everything of `next` is new
 */
export function diffSecrets(previous: Secrets | null, next: Secrets): SecretsDelta {
  const before: Secrets = previous ?? new Map();
  return {
    upserts: [...next].filter(([key, secret]) => !isSameSecret(before.get(key), secret)),
    deletes: [...before.keys()].filter((key) => !next.has(key)),
  };
}

/** The secrets that `delta` leads to. */
export function applySecretsDelta(secrets: Secrets, delta: SecretsDelta): Secrets {
  if (delta.upserts.length === 0 && delta.deletes.length === 0) return secrets;
  const next = new Map(secrets);
  for (const key of delta.deletes) next.delete(key);
  for (const [key, secret] of delta.upserts) next.set(key, secret);
  return next;
}

/** Reveals a delta for the IPC channel: `Redacted` does not survive a structured clone, on purpose. */
export function encodeSecrets(delta: SecretsDelta): SecretsMessage {
  return { upserts: delta.upserts.map(([key, secret]) => [key, reveal(secret)]), deletes: delta.deletes };
}

/** Closes what {@link encodeSecrets} opened. The message comes from our own primary over a private channel. */
export function decodeSecrets(message: SecretsMessage): SecretsDelta {
  return { upserts: message.upserts.map(([key, secret]) => [key, conceal(secret)]), deletes: message.deletes };
}

function reveal(secret: Secret): ClearSecret {
  switch (secret.kind) {
    case 'key-pair':
      return { kind: secret.kind, certPem: secret.certPem, keyPem: secret.keyPem.reveal() };
    case 'client-secret':
      return { kind: secret.kind, value: secret.value.reveal() };
  }
}

function conceal(secret: ClearSecret): Secret {
  switch (secret.kind) {
    case 'key-pair':
      return { kind: secret.kind, certPem: secret.certPem, keyPem: new Redacted(secret.keyPem) };
    case 'client-secret':
      return { kind: secret.kind, value: new Redacted(secret.value) };
  }
}

function isSameSecret(before: Secret | undefined, next: Secret): boolean {
  if (before === undefined || before === next) return before === next;
  if (before.kind === 'key-pair' && next.kind === 'key-pair') {
    return before.certPem === next.certPem && before.keyPem.reveal() === next.keyPem.reveal();
  }
  if (before.kind === 'client-secret' && next.kind === 'client-secret') {
    return before.value.reveal() === next.value.reveal();
  }
  return false;
}
