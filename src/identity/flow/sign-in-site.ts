import type { IdentityView } from '../view.ts';

/** Where sign-in runs for a host: on the auth host, or on the host itself below `/.entragate`. */
export interface SignInSite {
  readonly host: string;
  /** What the paths of the site begin with. */
  readonly base: '/oauth2' | '/.entragate/oauth2';
}

/** The site that signs users in for `host`. */
export function signInSite(view: IdentityView, host: string): SignInSite {
  return view.authHost === null ? { host, base: '/.entragate/oauth2' } : { host: view.authHost, base: '/oauth2' };
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
