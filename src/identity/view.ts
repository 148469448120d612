import type { Key } from '../snapshot/ids.ts';
import type { Secret, Secrets } from '../snapshot/secret.ts';
import type { Host, IdentityProvider, Mentions, Settings, Snapshot } from '../snapshot/snapshot.ts';

/** What identity reads of the current snapshot. Made anew for each snapshot; never changes afterwards. */
export interface IdentityView {
  /** What the policies of the host that serves the canonical name `host` ask about a user; null: no such host. */
  mentionsOf(host: string): Mentions | null;
  /** What all policies together ask. */
  readonly allMentions: Mentions;
  /** By name, as sessions carry it. */
  readonly providers: ReadonlyMap<string, IdentityProvider>;
  /** Name of the one that is meant where nobody names one; it need not be there. */
  readonly defaultProvider: string;
  /** Canonical name of the host that runs sign-in for all others; null: each host runs its own. */
  readonly authHost: string | null;
  /** Client secret or key pair under the key that a `ProviderCredential` names; null: not there (yet). */
  secret(key: Key): Secret | null;
  /** The https port as browsers see it. */
  readonly externalPort: number;
  /** Whether `host` is served by us: a routed host, or the auth host. */
  ownsHost(host: string): boolean;
  /**
   * Whether a rule names `host`, exactly or by a wildcard. A name that only a rule without host serves can belong to
   * anybody in DNS: a redirect there may reach somebody else.
   */
  isNamed(host: string): boolean;
}

/**
 * Derives the view of one snapshot.
 *
 * @param externalPort the https port as browsers see it
 */
export function createIdentityView(snapshot: Snapshot, secrets: Secrets, externalPort: number): IdentityView {
  const hosts = indexHosts(snapshot);
  const settings = onlySettings(snapshot);
  const authHost = settings?.authHost.kind === 'host' ? settings.authHost.name : null;
  const mentionsOf = (host: string): Mentions | null =>
    (host === authHost ? null : findHost(hosts, host)?.mentions) ?? null;
  return Object.freeze({
    mentionsOf,
    allMentions: settings?.mentions ?? noMentions,
    providers: new Map([...snapshot.identityProviders.values()].map(({ value }) => [value.name, value])),
    defaultProvider: settings?.defaultIdentityProvider ?? '',
    authHost,
    secret: (key: Key) => secrets.get(key) ?? null,
    externalPort,
    ownsHost: (host: string) => host === authHost || mentionsOf(host) !== null,
    isNamed: (host: string) => findNamedHost(hosts, host) !== null,
  });
}

const noMentions: Mentions = { groups: [], roles: [], claims: [], fingerprint: '' };

interface HostIndex {
  readonly exact: ReadonlyMap<string, Host>;
  readonly wildcard: ReadonlyMap<string, Host>;
  readonly any: Host | null;
}

function indexHosts(snapshot: Snapshot): HostIndex {
  const exact = new Map<string, Host>();
  const wildcard = new Map<string, Host>();
  let any: Host | null = null;
  for (const { value } of snapshot.hosts.values()) {
    if (value.pattern.kind === 'exact') exact.set(value.pattern.name, value);
    else if (value.pattern.kind === 'wildcard') wildcard.set(value.pattern.name, value);
    else any = value;
  }
  return { exact, wildcard, any };
}

/** Exact before wildcard before any, as requests are routed (Kubernetes IngressRule.host: a wildcard is one label). */
function findHost(hosts: HostIndex, name: string): Host | null {
  return findNamedHost(hosts, name) ?? hosts.any;
}

function findNamedHost(hosts: HostIndex, name: string): Host | null {
  const exact = hosts.exact.get(name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  return (dot > 0 ? hosts.wildcard.get(name.slice(dot + 1)) : undefined) ?? null;
}

function onlySettings(snapshot: Snapshot): Settings | null {
  for (const { value } of snapshot.settings.values()) return value;
  return null;
}
