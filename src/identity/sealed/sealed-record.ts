import type { KeyRing } from '../keys/key-ring.ts';
import { type JsonRecord, parseJsonRecord } from '../oidc/json-record.ts';
import { noProvider } from './provider-binding.ts';
import { open, type Purpose, seal } from './seal.ts';

/** Seals a JSON object for one purpose on one host; no provider vouches for it. */
export function sealRecord(purpose: Purpose, host: string, record: object, ring: KeyRing): string {
  return seal(purpose, host, noProvider, Buffer.from(JSON.stringify(record)), ring);
}

/** The object that {@link sealRecord} sealed for the same purpose and host. Null for everything else, nothing at all included. */
export function openRecord(purpose: Purpose, host: string, sealed: string | null, ring: KeyRing): JsonRecord | null {
  const payload = sealed === null ? null : open(purpose, host, noProvider, sealed, ring);
  return payload === null ? null : parseJsonRecord(Buffer.from(payload).toString('utf8'));
}
