import { aadsts, aadstsErrorBody } from './aadsts-error.ts';
import type { BreakableArea } from './breakage.ts';
import { control } from './control-endpoint.ts';
import type { Authority } from './directory/directory.ts';
import { discoveryDocument, instanceDiscovery, keysDocument } from './discovery.ts';
import type { EmulatorContext } from './emulator-context.ts';
import type { EmulatorControls } from './emulator-controls.ts';
import { graph, userInfo } from './graph/graph-endpoint.ts';
import { type EmulatorRequest, type EmulatorResponse, json } from './http-exchange.ts';
import { authorize, consent, signIn } from './sign-in/authorize.ts';
import { logout } from './sign-in/logout.ts';
import { errorPage } from './sign-in/sign-in-page.ts';
import { token } from './tokens/token-endpoint.ts';

type Endpoint = (
  context: EmulatorContext,
  authority: Authority,
  http: EmulatorRequest,
) => EmulatorResponse | Promise<EmulatorResponse>;

interface TenantRoute {
  readonly methods: readonly string[];
  /** Path below `/{T}/`. */
  readonly path: string;
  /** Who reads the answer when the tenant is unknown. */
  readonly audience: 'program' | 'browser';
  readonly area: BreakableArea | null;
  readonly endpoint: Endpoint;
}

/** Everything below a tenant's segment. */
const TENANT_ROUTES: readonly TenantRoute[] = [
  {
    methods: ['GET'],
    path: 'v2.0/.well-known/openid-configuration',
    audience: 'program',
    area: 'discovery',
    endpoint: (context, authority) => discoveryDocument(context, authority, 'v2.0'),
  },
  {
    methods: ['GET'],
    path: '.well-known/openid-configuration',
    audience: 'program',
    area: 'discovery',
    endpoint: (context, authority) => discoveryDocument(context, authority, 'v1.0'),
  },
  {
    methods: ['GET'],
    path: 'discovery/v2.0/keys',
    audience: 'program',
    area: 'keys',
    endpoint: (context, authority) => keysDocument(context, authority, 'v2.0'),
  },
  {
    methods: ['GET'],
    path: 'discovery/keys',
    audience: 'program',
    area: 'keys',
    endpoint: (context, authority) => keysDocument(context, authority, 'v1.0'),
  },
  { methods: ['POST'], path: 'oauth2/v2.0/token', audience: 'program', area: 'token', endpoint: token },
  { methods: ['GET', 'POST'], path: 'oauth2/v2.0/authorize', audience: 'browser', area: null, endpoint: authorize },
  {
    methods: ['GET', 'POST'],
    path: 'oauth2/v2.0/logout',
    audience: 'browser',
    area: null,
    endpoint: (context, _authority, http) => logout(context, http),
  },
  {
    methods: ['POST'],
    path: 'login',
    audience: 'browser',
    area: null,
    endpoint: (context, _authority, http) => signIn(context, http),
  },
  {
    methods: ['POST'],
    path: 'consent',
    audience: 'browser',
    area: null,
    endpoint: (context, _authority, http) => consent(context, http),
  },
];

/** Cut off without an answer. */
export const CUT = 'cut';

const NOTHING_HERE = json(404, { error: 'The emulator has nothing here.' });

function unknownTenant(context: EmulatorContext, segment: string, audience: TenantRoute['audience']): EmulatorResponse {
  const error = aadsts(90002, segment);
  const body = aadstsErrorBody(error, context.origin, context.now());
  return audience === 'browser' ? errorPage(body) : json(error.status, body);
}

async function answerTenant(context: EmulatorContext, http: EmulatorRequest): Promise<EmulatorResponse | typeof CUT> {
  const [segment = '', ...rest] = http.segments;
  const path = rest.join('/');
  const route = TENANT_ROUTES.find((each) => each.path === path);
  if (route === undefined) return NOTHING_HERE;
  const method = http.method === 'HEAD' ? 'GET' : http.method;
  if (!route.methods.includes(method))
    return json(405, { error: 'Method not allowed.' }, { allow: route.methods.join(', ') });
  if (route.area !== null && context.breakage.state.down.has(route.area)) return CUT;
  const authority = context.directory.authority(segment);
  return authority === undefined
    ? unknownTenant(context, segment, route.audience)
    : route.endpoint(context, authority, http);
}

/**
 * The answer to a request, or `CUT`. Graph is at `/graph/v1.0` and, since the `msgraph_host` of the metadata has no path,
 * at `/v1.0` too.
 */
export async function answerRequest(
  context: EmulatorContext,
  controls: EmulatorControls,
  http: EmulatorRequest,
): Promise<EmulatorResponse | typeof CUT> {
  const path = http.segments.join('/');
  if (path === 'emulator/control' && http.method === 'POST') return control(controls, http);
  const { down } = context.breakage.state;
  if (down.has('everything')) return CUT;
  const graphPath = http.segments[0] === 'graph' ? http.segments.slice(1) : http.segments;
  const isUserInfo = graphPath.join('/') === 'oidc/userinfo';
  if (isUserInfo || graphPath[0] === 'v1.0') {
    if (down.has('graph')) return CUT;
    return isUserInfo ? userInfo(context, http) : graph(context, http, graphPath.slice(1));
  }
  if (path === 'common/discovery/instance') return instanceDiscovery(context);
  return answerTenant(context, http);
}
