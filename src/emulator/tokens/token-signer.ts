import { createHash, randomBytes } from 'node:crypto';
import { base64url, CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import type { Breakage, TokenFault } from '../breakage.ts';
import { isJsonObject } from '../json-object.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';
import type { TokenClaims } from './token-claims.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';
const HOUR_S = 3600;

const seconds = (value: unknown): number => (typeof value === 'number' ? value : 0);

function without(claims: TokenClaims, name: string): TokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));
}

/** What a fault does to the claims; faults of the signature leave them alone. */
const CLAIM_FAULTS: Readonly<Record<TokenFault, (claims: TokenClaims) => TokenClaims>> = {
  unknownKey: (claims) => claims,
  keyOfOtherIssuer: (claims) => claims,
  badSignature: (claims) => claims,
  algNone: (claims) => claims,
  algHS256: (claims) => claims,
  wrongIssuer: (claims) => ({ ...claims, iss: String(claims.iss).replace(String(claims.tid), NOBODY) }),
  wrongAudience: (claims) => ({ ...claims, aud: NOBODY }),
  wrongTenant: (claims) => ({ ...claims, tid: NOBODY }),
  tenantTwice: (claims) => ({ ...claims, TID: NOBODY }),
  expired: (claims) => {
    const shift = seconds(claims.exp) - seconds(claims.iat) + HOUR_S;
    const ended = { iat: seconds(claims.iat) - shift, nbf: seconds(claims.nbf) - shift };
    return { ...claims, ...ended, exp: seconds(claims.exp) - shift };
  },
  notYetValid: (claims) => ({
    ...claims,
    nbf: seconds(claims.nbf) + 2 * HOUR_S,
    exp: seconds(claims.exp) + 2 * HOUR_S,
  }),
  nonceMissing: (claims) => without(claims, 'nonce'),
  nonceWrong: (claims) => ('nonce' in claims ? { ...claims, nonce: NOBODY } : claims),
  oidMissing: (claims) => without(claims, 'oid'),
};

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function signingKey(keys: SigningKeys, faults: ReadonlySet<TokenFault>): SigningKey {
  if (faults.has('unknownKey')) return keys.secret;
  return faults.has('keyOfOtherIssuer') ? keys.consumers : keys.current;
}

/** Replaces the last character that carries six full bits of the signature. */
function spoilSignature(token: string): string {
  const at = token.length - 2;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

/** Signs an ID token or an access token for an API, with the faults that are switched on. */
export async function signToken(claims: TokenClaims, keys: SigningKeys, breakage: Breakage): Promise<string> {
  const faults = breakage.state.tokenFaults;
  const key = signingKey(keys, faults);
  const faulty = [...faults].reduce((before, fault) => CLAIM_FAULTS[fault](before), claims);
  const header = { typ: 'JWT', kid: key.kid, ...(claims.ver === '1.0' ? { x5t: key.kid } : {}) };
  if (faults.has('algNone')) {
    return `${base64url.encode(bytes({ ...header, alg: 'none' }))}.${base64url.encode(bytes(faulty))}.`;
  }
  const signature = new CompactSign(bytes(faulty));
  const token = faults.has('algHS256')
    ? await signature.setProtectedHeader({ ...header, alg: 'HS256' }).sign(new TextEncoder().encode(key.publicKeyPem))
    : await signature.setProtectedHeader({ ...header, alg: 'RS256' }).sign(key.privateKey);
  return faults.has('badSignature') ? spoilSignature(token) : token;
}

const graphNonce = (nonce: string) => createHash('sha256').update(nonce).digest('base64url');

/**
 * Signs a token for Graph: the signature covers the header with a hashed `nonce`, so that nobody but Graph can verify
 * it. Clients must treat it as opaque.
 */
export async function signGraphToken(claims: TokenClaims, keys: SigningKeys): Promise<string> {
  const nonce = randomBytes(24).toString('base64url');
  const header = { typ: 'JWT', alg: 'RS256', x5t: keys.current.kid, kid: keys.current.kid };
  const signed = await new CompactSign(bytes(claims))
    .setProtectedHeader({ ...header, nonce: graphNonce(nonce) })
    .sign(keys.current.privateKey);
  const [, payload, signature] = signed.split('.');
  return `${base64url.encode(bytes({ ...header, nonce }))}.${payload}.${signature}`;
}

/** The claims of a token made by `signGraphToken`, or `undefined` when it is none, or its key was withdrawn. */
export async function verifyGraphToken(token: string, keys: SigningKeys): Promise<TokenClaims | undefined> {
  try {
    const { kid, nonce, ...header } = decodeProtectedHeader(token);
    const key = [keys.current, ...keys.published()].find((each) => each.kid === kid);
    const [, payload, signature] = token.split('.');
    if (key === undefined || typeof nonce !== 'string') return undefined;
    const signedHeader = base64url.encode(bytes({ ...header, kid, nonce: graphNonce(nonce) }));
    const verified = await compactVerify(`${signedHeader}.${payload}.${signature}`, key.publicKey, {
      algorithms: ['RS256'],
    });
    const claims: unknown = JSON.parse(new TextDecoder().decode(verified.payload));
    return isJsonObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
