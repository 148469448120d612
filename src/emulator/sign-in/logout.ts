import { decodeJwt } from 'jose';
import { AadstsError, aadstsErrorBody } from '../aadsts-error.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import {
  type EmulatorRequest,
  type EmulatorResponse,
  formParameters,
  redirect,
  singleParameters,
} from '../http-exchange.ts';
import { accountOfLoginHint, type SignIn } from '../tokens/token-claims.ts';
import { isRegisteredRedirectUri } from './authorization-request.ts';
import { escapeHtml, page } from './page.ts';
import { errorPage } from './sign-in-page.ts';

/** How long the iframes get before the page goes on, in seconds. */
const FRAME_TIME_S = 2;

function hintedClientId(parameters: ReadonlyMap<string, string>): string | null {
  const named = parameters.get('client_id');
  const hint = parameters.get('id_token_hint');
  if (named !== undefined || hint === undefined) return named ?? null;
  try {
    const { aud } = decodeJwt(hint);
    return typeof aud === 'string' ? aud : null;
  } catch {
    return null;
  }
}

/** Only a redirect URI that the app registered; without a hint, one that any app registered. */
function returnAddress({ directory }: EmulatorContext, parameters: ReadonlyMap<string, string>): string | null {
  const uri = parameters.get('post_logout_redirect_uri');
  const clientId = hintedClientId(parameters);
  const apps = clientId === null ? directory.tenants.flatMap((tenant) => tenant.apps) : [directory.app(clientId)?.app];
  if (uri === undefined || !apps.some((app) => app !== undefined && isRegisteredRedirectUri(uri, app.redirectUris))) {
    return null;
  }
  const url = new URL(uri);
  const state = parameters.get('state');
  if (state !== undefined) url.searchParams.append('state', state);
  return url.href;
}

/** Front-channel logout: `logoutUrl?sid=` and nothing else, no `iss` (OpenID Connect Front-Channel Logout 1.0, part 2). */
function frameUrls(apps: readonly EmulatorApp[], signIns: readonly SignIn[]): readonly URL[] {
  return apps.flatMap(({ logoutUrl }) =>
    logoutUrl === null
      ? []
      : signIns.map(({ sid }) => {
          const url = new URL(logoutUrl);
          url.searchParams.set('sid', sid);
          return url;
        }),
  );
}

function signedOutPage(
  frames: readonly URL[],
  address: string | null,
  headers: Readonly<Record<string, string>>,
): EmulatorResponse {
  const onward =
    address === null
      ? ''
      : `<meta http-equiv="refresh" content="${FRAME_TIME_S};url=${escapeHtml(address)}">
<p><a href="${escapeHtml(address)}">Continue</a></p>`;
  return page({
    status: 200,
    title: 'You signed out of your account',
    body: `<p>It’s a good idea to close all browser windows.</p>
${frames.map((url) => `<iframe src="${escapeHtml(url.href)}" title="sign-out"></iframe>`).join('\n')}
${onward}`,
    headers,
    ...(frames.length > 0 ? { frameOrigins: [...new Set(frames.map((url) => url.origin))] } : {}),
  });
}

/**
 * `GET|POST /{T}/oauth2/v2.0/logout`: ends the browser's session (of `logout_hint` only, where given), tells the apps
 * that took part, and goes on to a registered `post_logout_redirect_uri`; to any other it does not go.
 */
export function logout(context: EmulatorContext, http: EmulatorRequest): EmulatorResponse {
  try {
    const parameters = new Map([
      ...singleParameters(http.query),
      ...(http.method === 'POST' ? formParameters(http) : []),
    ]);
    const session = context.ssoSessions.read(http);
    const hinted = accountOfLoginHint(parameters.get('logout_hint') ?? '', context.directory);
    const isEnding = ({ oid, tid }: SignIn) =>
      hinted === undefined || (oid === hinted.user.id && tid === hinted.tenant.tid);
    const staying = session.signIns.filter((signIn) => !isEnding(signIn));
    const headers =
      staying.length > 0
        ? context.ssoSessions.write(http, { ...session, signIns: staying })
        : context.ssoSessions.end(http);
    const apps = [...session.clientIds].flatMap((id) => context.directory.app(id)?.app ?? []);
    const frames = frameUrls(apps, session.signIns.filter(isEnding));
    const address = returnAddress(context, parameters);
    return frames.length === 0 && address !== null
      ? redirect(address, headers)
      : signedOutPage(frames, address, headers);
  } catch (error) {
    if (!(error instanceof AadstsError)) throw error;
    return errorPage(aadstsErrorBody(error, context.origin, context.now()));
  }
}
