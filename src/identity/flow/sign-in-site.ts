import type { IdentityView } from '../view.ts';

/** Where sign-in runs for a host: on the auth host, or on the host itself below `/.entragate`. */
export interface SignInSite {
  readonly host: string;
  /** What the paths of the site begin with. */
  readonly base: '/oauth2' | '/.entragate/oauth2';
}

/**
 * The site that signs users in for `host`. The auth host does so for named hosts alone: a ticket for any other name would
 * go to whoever owns it in DNS, and open here what the user may see. Such a name signs in for itself, so that only one
 * whose redirect URI somebody registered gets past the provider.
 */
export function signInSite(view: IdentityView, host: string): SignInSite {
  const { authHost } = view;
  return authHost !== null && (host === authHost || view.isNamed(host))
    ? { host: authHost, base: '/oauth2' }
    : { host, base: '/.entragate/oauth2' };
}

/** Whether `site` signs users in for the routed host `host`: asked again at every step, since routes change. */
export function signsInFor(view: IdentityView, site: SignInSite, host: string): boolean {
  return view.mentionsOf(host) !== null && signInSite(view, host).host === site.host;
}

/** The site whose own paths `host` answers; null: another host signs in for it. */
export function ownSite(view: IdentityView, host: string): SignInSite | null {
  const site = signInSite(view, host);
  return site.host === host ? site : null;
}

/** `https://` origin of a host as browsers see it: the configured external port, never one from a request. */
export function originOf(view: IdentityView, host: string): string {
  return view.externalPort === 443 ? `https://${host}` : `https://${host}:${view.externalPort}`;
}

/** An absolute URL of ours. `path` begins with a slash, so that nothing in it can change the host. */
export function urlOf(view: IdentityView, host: string, path: string): string {
  return originOf(view, host) + path;
}

/** The redirect URI that is registered at the provider: one for each IdentityProvider, `default` without its name. */
export function redirectUri(view: IdentityView, site: SignInSite, provider: string): string {
  return urlOf(view, site.host, site.base + callbackPath(provider));
}

const callbackPath = (provider: string) =>
  provider === 'default' ? '/callback' : `/callback/${encodeURIComponent(provider)}`;

/** The provider that a callback path below the site's base is of; null: no such path. */
export function providerOfCallback(pathBelowBase: string): string | null {
  if (pathBelowBase === '/callback') return 'default';
  const name = /^\/callback\/([a-z0-9.-]{1,253})$/.exec(pathBelowBase)?.[1];
  return name === undefined || name === 'default' ? null : name;
}
