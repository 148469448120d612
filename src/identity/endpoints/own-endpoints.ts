import { authorize } from '../flow/authorize.ts';
import { finishAuthorization } from '../flow/finish-authorization.ts';
import type { FlowContext } from '../flow/flow-context.ts';
import { logged, page } from '../flow/own-answer.ts';
import { redeemTicket } from '../flow/redeem-ticket.ts';
import { ownSite, providerOfCallback, type SignInSite } from '../flow/sign-in-site.ts';
import type { OwnRequest, OwnResponse } from '../own-endpoint.ts';
import { publishKeys } from './jwks-endpoint.ts';
import { sessionJson, whoAmI } from './session-endpoints.ts';
import { renew, signIn } from './sign-in-endpoints.ts';
import { askSignOut, showSignedOut, signOut } from './sign-out-endpoints.ts';
import { leaveSite, leaveSiteByForm, returnFromProvider } from './site-sign-out-endpoints.ts';

type Handler = (context: FlowContext, request: OwnRequest) => OwnResponse | Promise<OwnResponse>;
type SiteHandler = (context: FlowContext, site: SignInSite, request: OwnRequest) => OwnResponse | Promise<OwnResponse>;
type Method = 'GET' | 'HEAD' | 'POST';
type Methods<H> = Partial<Readonly<Record<Method, H>>>;

/** Both: a HEAD changes nothing either. What sets cookies answers GET alone, so that no probe uses up a ticket or a code. */
const reading = (handler: Handler): Methods<Handler> => ({ GET: handler, HEAD: handler });

/** Paths that every owned host answers. */
const hostPaths: ReadonlyMap<string, Methods<Handler>> = new Map([
  ['/.entragate/', reading(whoAmI)],
  ['/.entragate/session', reading(sessionJson)],
  ['/.entragate/jwks.json', reading(publishKeys)],
  ['/.entragate/sign-in', { GET: signIn }],
  ['/.entragate/renew', { GET: renew }],
  ['/.entragate/callback', { GET: redeemTicket }],
  ['/.entragate/sign-out', { GET: askSignOut, HEAD: askSignOut, POST: signOut }],
  ['/.entragate/signed-out', reading(showSignedOut)],
]);

/** Paths of the host that runs sign-in, below the site's base; the callbacks beside them carry a provider's name. */
const sitePaths: ReadonlyMap<string, Methods<SiteHandler>> = new Map([
  ['/start', { GET: authorize }],
  ['/sign-out', { GET: leaveSite, POST: leaveSiteByForm }],
  ['/signed-out', { GET: returnFromProvider, HEAD: returnFromProvider }],
]);

/** Answers one of our own paths. */
export async function answerOwnPath(context: FlowContext, request: OwnRequest): Promise<OwnResponse> {
  const view = context.view();
  const site = ownSite(view, request.host);
  if (site !== null && request.path.startsWith(`${site.base}/`)) {
    const methods = siteMethods(request.path.slice(site.base.length));
    return dispatch(methods, request, (handler) => handler(context, site, request));
  }
  const methods = request.host === view.authHost ? undefined : hostPaths.get(request.path);
  return dispatch(methods, request, (handler) => handler(context, request));
}

function siteMethods(path: string): Methods<SiteHandler> | undefined {
  const provider = providerOfCallback(path);
  if (provider === null) return sitePaths.get(path);
  return { GET: (context, site, request) => finishAuthorization(context, site, request, provider) };
}

function dispatch<H>(
  methods: Methods<H> | undefined,
  request: OwnRequest,
  run: (handler: H) => OwnResponse | Promise<OwnResponse>,
): OwnResponse | Promise<OwnResponse> {
  if (methods === undefined)
    return page(404, { kind: 'not-found' }, [], logged('own-not-found', { code: 'not-found' }));
  const handler = isMethod(request.method) ? methods[request.method] : undefined;
  if (handler !== undefined) return run(handler);
  const allow = Object.keys(methods).join(', ');
  return page(405, { kind: 'method-not-allowed', allow }, [], logged('own-refused', { code: 'method-not-allowed' }));
}

function isMethod(method: string): method is Method {
  return method === 'GET' || method === 'HEAD' || method === 'POST';
}
