import { CONSUMERS_TENANT_ID } from '../directory/directory.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { GRAPH_APP_ID } from '../tokens/scopes.ts';
import { verifyGraphToken } from '../tokens/token-signer.ts';
import { type GraphResult, refused } from './graph-answer.ts';

/** Who calls Graph: a user through an app, or an app itself. */
export interface GraphCaller {
  readonly tid: string;
  readonly kind: 'delegated' | 'application';
  readonly oid: string;
  readonly clientId: string;
  /** Permissions held, with those that they imply. */
  readonly permissions: ReadonlySet<string>;
}

/** Permissions that include others (Graph: "Permissions reference"). */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  'Directory.Read.All': ['User.Read.All', 'Group.Read.All', 'GroupMember.Read.All', 'User.ReadBasic.All', 'User.Read'],
  'Group.Read.All': ['GroupMember.Read.All'],
  'User.Read.All': ['User.ReadBasic.All', 'User.Read'],
  'User.ReadWrite.All': ['User.Read.All', 'User.ReadBasic.All', 'User.Read'],
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

function unauthenticated(context: EmulatorContext, message: string): GraphResult {
  const authorization = `${context.origin}/common/oauth2/v2.0/authorize`;
  return refused(401, 'InvalidAuthenticationToken', message, {
    'www-authenticate': `Bearer realm="", authorization_uri="${authorization}", client_id="${GRAPH_APP_ID}"`,
  });
}

/** The caller by the bearer token, or the 401 that Graph answers. */
export async function authenticateCaller(
  context: EmulatorContext,
  authorization: string | undefined,
): Promise<GraphCaller | GraphResult> {
  const [scheme, token] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined) {
    return unauthenticated(context, 'Access token is empty.');
  }
  const claims = await verifyGraphToken(token, context.keys);
  if (claims === undefined || claims.aud !== GRAPH_APP_ID) {
    return unauthenticated(context, 'Access token validation failure. Invalid audience.');
  }
  if (typeof claims.exp !== 'number' || claims.exp * 1000 <= context.now()) {
    return unauthenticated(context, 'Lifetime validation failed, the token is expired.');
  }
  const scopes = typeof claims.scp === 'string' ? claims.scp.split(' ') : null;
  const held = scopes ?? texts(claims.roles);
  return {
    tid: typeof claims.tid === 'string' ? claims.tid : CONSUMERS_TENANT_ID,
    kind: scopes === null ? 'application' : 'delegated',
    oid: typeof claims.oid === 'string' ? claims.oid : '',
    clientId: typeof claims.appid === 'string' ? claims.appid : '',
    permissions: new Set([...held, ...held.flatMap((permission) => IMPLIED[permission] ?? [])]),
  };
}
