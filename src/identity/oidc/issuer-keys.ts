import type { JWK } from 'jose';
import { isJsonRecord, type JsonRecord, stringMember } from './json-record.ts';
import { LastGood } from './last-good.ts';

/** A public key that an issuer signs ID tokens with. */
export interface IssuerKey {
  readonly kid: string;
  readonly jwk: JWK;
  /** Entra's per-key `issuer`, possibly with `{tenantid}`: whose tokens the key may sign. null: the key carries none. */
  readonly issuer: string | null;
}

/** Every key of one answer, by `kid`. */
export type IssuerKeySet = ReadonlyMap<string, IssuerKey>;

const MAX_KEYS = 200;
/** Entra's advice (Signing key rollover): on an unknown `kid`, at most every five minutes. */
const UNKNOWN_KID_MS = 5 * 60_000;

/** The keys of one issuer. A key that is gone from a good answer is refused at once. */
export class IssuerKeys {
  readonly #published: LastGood<IssuerKeySet>;
  #askedForUnknownAt = Number.NEGATIVE_INFINITY;
  /** Sign-ins that meet the same new key at once all wait for the one fetch. */
  #refetch: Promise<void> = Promise.resolve();

  /** @param fetchKeys asks the issuer; rejects when there is no good answer. `now` in milliseconds since the epoch */
  constructor(fetchKeys: (now: number) => Promise<IssuerKeySet>) {
    this.#published = new LastGood(fetchKeys);
  }

  /**
   * The key named `kid`; null when the issuer does not publish it.
   *
   * @param now milliseconds since the epoch
   * @throws EntragateError `provider-unavailable` when there is no set that may still be used
   */
  async find(kid: string, now: number): Promise<IssuerKey | null> {
    const known = (await this.#published.get(now)).get(kid);
    if (known !== undefined) return known;
    if (now - this.#askedForUnknownAt >= UNKNOWN_KID_MS) {
      this.#askedForUnknownAt = now;
      this.#refetch = this.#published.refresh(now);
    }
    await this.#refetch;
    return (await this.#published.get(now)).get(kid) ?? null;
  }
}

/**
 * Reads a JWK Set (RFC 7517 §5). Members that are no signature keys are ignored; a `kid` that occurs twice names no key.
 * Null when it holds no key at all: that is not a good answer.
 */
export function readKeySet(document: JsonRecord): IssuerKeySet | null {
  if (!Array.isArray(document.keys) || document.keys.length > MAX_KEYS) return null;
  const keys = new Map<string, IssuerKey>();
  const seen = new Set<string>();
  for (const member of document.keys) {
    const key = isJsonRecord(member) ? readKey(member) : null;
    if (key === null) continue;
    if (seen.has(key.kid)) keys.delete(key.kid);
    else keys.set(key.kid, key);
    seen.add(key.kid);
  }
  return keys.size === 0 ? null : keys;
}

/** Public members only, by type: RFC 7518 §6.2.1 and §6.3.1. */
function readKey(member: JsonRecord): IssuerKey | null {
  const kid = stringMember(member, 'kid');
  if (kid === null || (member.use !== undefined && member.use !== 'sig')) return null;
  const issuer = stringMember(member, 'issuer');
  switch (member.kty) {
    case 'RSA': {
      const [n, e] = [stringMember(member, 'n'), stringMember(member, 'e')];
      return n === null || e === null ? null : { kid, issuer, jwk: { kty: 'RSA', kid, use: 'sig', n, e } };
    }
    case 'EC': {
      const [crv, x, y] = [stringMember(member, 'crv'), stringMember(member, 'x'), stringMember(member, 'y')];
      return crv === null || x === null || y === null
        ? null
        : { kid, issuer, jwk: { kty: 'EC', kid, use: 'sig', crv, x, y } };
    }
    default:
      return null;
  }
}
