import type { CanonicalRequest, RawRequest, ReadResult } from './canonical-request.ts';
import type { ConnectionFacts } from './connection-facts.ts';
import { refuse } from './refusal.ts';

export function readRequest(raw: RawRequest, connection: ConnectionFacts, authHost: string | null): ReadResult {
  void raw;
  void connection;
  void authHost;
  void (null as CanonicalRequest | null);
  return refuse('http-version');
}
