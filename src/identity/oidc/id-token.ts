import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { parseObjectId, parseTenantId } from '../../snapshot/ids.ts';
import type { EntraProvider, IdentityProvider } from '../../snapshot/snapshot.ts';
import type { IssuerKey } from './issuer-keys.ts';
import { type JsonRecord, numberMember, parseJsonRecord, stringMember } from './json-record.ts';
import { entraIssuer } from './provider-endpoints.ts';
import { type SignInErrorCode, signInError } from './sign-in-error.ts';

/** What an ID token has to match. Times are seconds since the epoch. */
export interface IdTokenExpectation {
  readonly provider: IdentityProvider;
  readonly nonce: string;
  /** When the flow went to the provider: a token issued before was not made for it. */
  readonly flowStartedAt: number;
  readonly now: number;
  /** The issuer's key of that id, or null. */
  readonly findKey: (kid: string) => Promise<IssuerKey | null>;
}

/** A token whose signature holds: what the checks of its claims look at. */
interface Candidate {
  readonly claims: JsonRecord;
  readonly key: IssuerKey;
}

/** One check of one thing. */
interface Check {
  readonly code: SignInErrorCode;
  /** What was found instead of what has to be (never the token itself); null: it holds. */
  readonly problem: (token: Candidate, expected: IdTokenExpectation) => string | null;
}

/** Seconds that clocks may differ. */
const TOLERANCE = 60;
/** Entra backdates `iat` and `nbf` by five minutes. */
const BACKDATING = 300;

const text = (token: Candidate, claim: string) => stringMember(token.claims, claim);
/** As it may stand in a log: claims and header members can hold anything, whatever their types say. */
const shown = (value: unknown) =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : 'missing or no text';

/** OpenID Connect Core 1.0 §3.1.3.7, narrowed: one audience, a nonce always, `nbf` and `iat` too. */
const openIdChecks: readonly Check[] = [
  {
    code: 'id-token-audience',
    problem: (token, { provider }) =>
      text(token, 'aud') === provider.clientId ? null : `aud is ${shown(text(token, 'aud'))}, not the client id alone`,
  },
  {
    code: 'id-token-nonce',
    problem: (token, { nonce }) => (text(token, 'nonce') === nonce ? null : 'nonce is not the one of this flow'),
  },
  {
    code: 'id-token-expired',
    problem: (token, { now }) => {
      const exp = numberMember(token.claims, 'exp');
      return exp !== null && exp > now - TOLERANCE ? null : `exp is ${exp}, now is ${now}`;
    },
  },
  {
    code: 'id-token-not-yet-valid',
    problem: (token, { now }) => {
      if (!Object.hasOwn(token.claims, 'nbf')) return null;
      const nbf = numberMember(token.claims, 'nbf');
      return nbf !== null && nbf <= now + TOLERANCE ? null : `nbf is ${nbf}, now is ${now}`;
    },
  },
  {
    code: 'id-token-issued-at',
    problem: (token, { flowStartedAt, now }) => {
      const iat = numberMember(token.claims, 'iat');
      const isOfThisFlow = iat !== null && iat >= flowStartedAt - BACKDATING - TOLERANCE && iat <= now + TOLERANCE;
      return isOfThisFlow ? null : `iat is ${iat}, the flow began at ${flowStartedAt}, now is ${now}`;
    },
  },
  {
    code: 'id-token-subject',
    problem: (token) => ((text(token, 'sub') ?? '') === '' ? 'sub is missing or empty' : null),
  },
];

/**
 * Microsoft's algorithm for the issuer (Access tokens, "Token validation"), with the tenant list that it leaves to the
 * application, and the check of Microsoft's own library against two spellings of `tid`.
 */
function entraChecks(provider: EntraProvider): readonly Check[] {
  return [
    {
      code: 'id-token-claim-ambiguous',
      problem: ({ claims }) =>
        Object.keys(claims).filter((name) => name.toLowerCase() === 'tid').length > 1
          ? 'two claims are named tid, differing in case'
          : null,
    },
    {
      code: 'id-token-version',
      problem: (token) => (text(token, 'ver') === '2.0' ? null : `ver is ${shown(text(token, 'ver'))}, not "2.0"`),
    },
    {
      code: 'id-token-tenant',
      problem: (token) => {
        const tid = parseTenantId(text(token, 'tid') ?? '');
        return tid !== null && provider.allowedTenants.includes(tid)
          ? null
          : `tid is ${shown(text(token, 'tid'))}, which is not an allowed tenant`;
      },
    },
    {
      code: 'id-token-issuer',
      problem: (token) =>
        text(token, 'iss') === entraIssuer(provider, text(token, 'tid') ?? '')
          ? null
          : `iss is ${shown(text(token, 'iss'))}, not that of the tenant`,
    },
    {
      code: 'id-token-key-issuer',
      problem: (token) => {
        const { issuer } = token.key;
        return issuer === null || issuer.replace('{tenantid}', text(token, 'tid') ?? '') === text(token, 'iss')
          ? null
          : `the signing key is for the issuer ${shown(issuer)}`;
      },
    },
    {
      code: 'id-token-object-id',
      problem: (token) =>
        parseObjectId(text(token, 'oid') ?? '') === null ? `oid is ${shown(text(token, 'oid'))}, not a GUID` : null,
    },
    ...openIdChecks,
  ];
}

function checksFor(provider: IdentityProvider): readonly Check[] {
  switch (provider.type) {
    case 'EntraID':
      return entraChecks(provider);
    case 'OIDC':
      return [
        {
          code: 'id-token-issuer',
          problem: (token) =>
            text(token, 'iss') === provider.issuer ? null : `iss is ${shown(text(token, 'iss'))}, not the provider's`,
        },
        ...openIdChecks,
      ];
    default:
      return provider satisfies never;
  }
}

/** Entra publishes keys without `alg`, so that the algorithm is pinned here: RS256 and nothing else. */
export function allowedAlgorithms(provider: IdentityProvider): string[] {
  return provider.type === 'EntraID' ? ['RS256'] : ['RS256', 'ES256', 'PS256'];
}

/**
 * Validates an ID token in full and answers its claims.
 *
 * @throws EntragateError `id-token-…`: one code for each check
 * @throws EntragateError `provider-unavailable` when there are no keys to check with
 */
export async function validateIdToken(idToken: string, expected: IdTokenExpectation): Promise<JsonRecord> {
  const candidate = await verifySignature(idToken, expected);
  for (const { code, problem } of checksFor(expected.provider)) {
    const found = problem(candidate, expected);
    if (found !== null) throw signInError(code, `ID token of ${expected.provider.name}: ${found}`);
  }
  return candidate.claims;
}

async function verifySignature(idToken: string, { provider, findKey }: IdTokenExpectation): Promise<Candidate> {
  const { alg, kid } = readHeader(idToken, provider);
  const key = await findKey(kid);
  if (key === null) {
    throw signInError(
      'id-token-key-unknown',
      `ID token of ${provider.name}: the issuer publishes no key ${shown(kid)}`,
    );
  }
  const claims = parseJsonRecord(new TextDecoder().decode(await verifiedPayload(idToken, alg, key, provider)));
  if (claims === null)
    throw signInError('id-token-malformed', `ID token of ${provider.name}: its payload is no JSON object`);
  return { claims, key };
}

function readHeader(idToken: string, provider: IdentityProvider): { readonly alg: string; readonly kid: string } {
  const header = protectedHeader(idToken, provider);
  if (typeof header.alg !== 'string' || !allowedAlgorithms(provider).includes(header.alg)) {
    throw signInError('id-token-algorithm', `ID token of ${provider.name}: alg is ${shown(header.alg)}`);
  }
  if (typeof header.kid !== 'string') {
    throw signInError('id-token-key-unknown', `ID token of ${provider.name}: its header names no key`);
  }
  return { alg: header.alg, kid: header.kid };
}

function protectedHeader(idToken: string, provider: IdentityProvider) {
  try {
    return decodeProtectedHeader(idToken);
  } catch (cause) {
    throw signInError('id-token-malformed', `ID token of ${provider.name}: not a signed JWT`, cause);
  }
}

async function verifiedPayload(idToken: string, alg: string, key: IssuerKey, provider: IdentityProvider) {
  try {
    const { payload } = await compactVerify(idToken, await importJWK(key.jwk, alg), { algorithms: [alg] });
    return payload;
  } catch (cause) {
    throw signInError('id-token-signature', `ID token of ${provider.name}: its signature does not hold`, cause);
  }
}
