import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { Provider } from 'oidc-provider';
import type { TestAuthority } from './test-authority.ts';

/** Claims of one user beside `sub`; all of them go into the ID token. */
export type OpenIdAccount = Readonly<Record<string, unknown>>;

/** A certified OpenID provider that is not Entra (the `oidc-provider` package), over TLS on a free loopback port. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Registers the client. Until then every request is a 503. */
  register(redirectUris: readonly string[], postLogoutRedirectUris: readonly string[]): void;
  /** Paths of the requests so far, without their queries. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface OpenIdProviderOptions {
  readonly authority: TestAuthority;
  readonly host: string;
  /** By `sub`, which is also the value of the button that signs in. */
  readonly accounts: Readonly<Record<string, OpenIdAccount>>;
  readonly algorithm: 'RS256' | 'PS256' | 'ES256';
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const clientId = 'entragate';

/** Starts a provider whose sign-in page is one form with a `<button name="username">`, like that of the emulator. */
export async function startOpenIdProvider(options: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const { certPem, keyPem } = await options.authority.issue([options.host]);
  const server = createServer({ cert: certPem, key: keyPem });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  const issuer = `https://${options.host}:${address.port}`;
  const clientSecret = randomBytes(24).toString('base64url');
  const requests: string[] = [];
  let answer: Answer = (_request, response) => void response.writeHead(503).end();
  server.on('request', (request, response) => {
    requests.push(request.url?.split('?', 1)[0] ?? '');
    answer(request, response);
  });
  return {
    issuer,
    clientId,
    clientSecret,
    requests,
    register: (redirectUris, postLogoutRedirectUris) => {
      const provider = createProvider(issuer, options, {
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: postLogoutRedirectUris,
      });
      answer = withSignInPage(provider, Object.keys(options.accounts));
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function createProvider(issuer: string, { accounts, algorithm }: OpenIdProviderOptions, client: object): Provider {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims = new Set(Object.values(accounts).flatMap((account) => Object.keys(account)));
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        client_id: clientId,
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: algorithm,
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid: 'k1' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { openid: ['sub', ...claims] },
    scopes: ['openid', 'profile', 'email'],
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, ...accounts[sub] }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    loadExistingGrant: (context: GrantContext) => consent(provider, context),
  });
  return provider;
}

interface GrantContext {
  readonly oidc: { readonly session: { readonly accountId: string } };
}

/** Everybody has consented to everything. */
async function consent(provider: Provider, { oidc }: GrantContext) {
  const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid profile email');
  await grant.save();
  return grant;
}

function withSignInPage(provider: Provider, usernames: readonly string[]): Answer {
  const answer = provider.callback();
  const buttons = usernames.map((name) => `<button name="username" value="${name}">${name}</button>`).join('');
  return (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) answer(request, response);
    else if (request.method === 'POST') void finish(provider, request, response);
    else
      response
        .setHeader('content-type', 'text/html')
        .end(`<form method="post" action="${request.url}">${buttons}</form>`);
  };
}

async function finish(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accountId = new URLSearchParams(await text(request)).get('username') ?? '';
  await provider.interactionFinished(request, response, { login: { accountId } });
}
