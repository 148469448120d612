import type { Key } from './ids.ts';
import type { Redacted } from './redacted.ts';

/** Material that never enters the snapshot: it crosses the process border in a message of its own, and prints as `[redacted]`. */
export type Secret =
  | { readonly kind: 'key-pair'; readonly certPem: string; readonly keyPem: Redacted<string> }
  | { readonly kind: 'client-secret'; readonly value: Redacted<string> };

/** Under the key that `Certificate` and `ProviderCredential` name. */
export type Secrets = ReadonlyMap<Key, Secret>;
