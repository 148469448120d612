import type { EmulatorContext } from '../emulator-context.ts';
import { type EmulatorRequest, type EmulatorResponse, pathSegments } from '../http-exchange.ts';
import { GRAPH_APP_ID } from '../tokens/scopes.ts';
import { pairwiseSubject } from '../tokens/token-claims.ts';
import { badRequest, type GraphResult, graphResponse, notFound, ok, refused } from './graph-answer.ts';
import { type BatchItem, batch } from './graph-batch.ts';
import { authenticateCaller, type GraphCaller } from './graph-caller.ts';
import { callGraph } from './graph-calls.ts';

/** The refusal that is switched on for every call. */
function switchedFault({ breakage, origin }: EmulatorContext): GraphResult | undefined {
  const fault = breakage.state.graph;
  switch (fault.kind) {
    case 'none':
      return undefined;
    case 'throttled':
      return refused(429, 'TooManyRequests', 'Please retry again later.', {
        'retry-after': String(fault.retryAfterS),
        'x-ms-throttle-scope': `Tenant_Application/ReadWrite/${GRAPH_APP_ID}`,
      });
    case 'forbidden':
      return refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    case 'unavailable':
      return refused(503, 'serviceNotAvailable', 'The service is temporarily unavailable.', { 'retry-after': '1' });
    case 'claimsChallenge': {
      const claims = Buffer.from(fault.claims).toString('base64');
      const authorization = `${origin}/common/oauth2/v2.0/authorize`;
      return refused(401, 'InvalidAuthenticationToken', 'Continuous access evaluation resulted in challenge.', {
        'www-authenticate': `Bearer realm="", authorization_uri="${authorization}", error="insufficient_claims", claims="${claims}"`,
      });
    }
    default:
      return fault satisfies never;
  }
}

function parseBody(http: EmulatorRequest): { readonly body: unknown } | undefined {
  if (http.body === '') return { body: undefined };
  try {
    const body: unknown = JSON.parse(http.body);
    return { body };
  } catch {
    return undefined;
  }
}

async function answer(
  context: EmulatorContext,
  http: EmulatorRequest,
  path: readonly string[],
): Promise<EmulatorResponse> {
  const fault = switchedFault(context);
  if (fault !== undefined) return graphResponse(context, http, fault);
  const caller = await authenticateCaller(context, http.headers.authorization);
  if (!isCaller(caller)) return graphResponse(context, http, caller);
  const parsed = parseBody(http);
  if (parsed === undefined) return graphResponse(context, http, badRequest('Unable to read JSON request payload.'));
  const call = { context, caller, http, path, body: parsed.body };
  return graphResponse(context, http, callGraph(call));
}

/** `/graph/v1.0/{path}`, a batch among them: its requests carry the caller's token. */
export async function graph(
  context: EmulatorContext,
  http: EmulatorRequest,
  path: readonly string[],
): Promise<EmulatorResponse> {
  if (path[0] !== '$batch' || http.method !== 'POST') return answer(context, http, path);
  const caller = await authenticateCaller(context, http.headers.authorization);
  if (!isCaller(caller)) return graphResponse(context, http, caller);
  const perform = async (item: BatchItem) => {
    const url = URL.parse(item.url, 'https://graph.invalid');
    const segments = url === null ? null : pathSegments(url.pathname);
    if (url === null || segments === null)
      return graphResponse(context, http, badRequest(`Invalid URL: '${item.url}'.`));
    const body = item.body === undefined ? '' : JSON.stringify(item.body);
    return answer(context, { ...http, method: item.method, query: url.searchParams, body, segments }, segments);
  };
  return graphResponse(context, http, await batch(parseBody(http)?.body, perform));
}

/** `/graph/oidc/userinfo`: `sub` is the one of the app's ID token. */
export async function userInfo(context: EmulatorContext, http: EmulatorRequest): Promise<EmulatorResponse> {
  const caller = await authenticateCaller(context, http.headers.authorization);
  return graphResponse(context, http, isCaller(caller) ? describe(context, caller) : caller);
}

const isCaller = (value: GraphCaller | GraphResult): value is GraphCaller => 'permissions' in value;

function describe({ directory }: EmulatorContext, { tid, oid, clientId, permissions }: GraphCaller): GraphResult {
  const account = directory.account(tid, oid);
  if (account === undefined) return notFound(oid);
  const { displayName, email } = account.user;
  return ok({
    sub: pairwiseSubject(tid, oid, clientId),
    ...(permissions.has('profile') ? { name: displayName } : {}),
    ...(permissions.has('email') && email !== null ? { email } : {}),
  });
}
