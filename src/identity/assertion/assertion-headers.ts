import type { GroupId } from '../../snapshot/ids.ts';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';
import type { KeyRing, RingKey } from '../keys/key-ring.ts';
import type { Session } from '../session.ts';
import { sessionBound } from '../sessions/session-end.ts';
import type { IdentityView } from '../view.ts';
import { signAssertion } from './assertion-key.ts';
import { headerText } from './header-text.ts';

/** `[name, value, name, value, …]` for the upstream; see {@link createAssertionHeaders}. `now` in milliseconds since the epoch. */
export type AssertionHeaders = (
  session: Session,
  host: string,
  matchedGroups: readonly GroupId[],
  now: number,
) => readonly string[];

export interface AssertionHeadersOptions {
  readonly view: () => IdentityView;
  readonly keys: () => KeyRing;
}

/** Longest life of an assertion, in seconds. */
const maxAssertionLife = 300;

/**
 * Makes the identity headers of requests: `X-Entragate-User` (object id), `-Tenant`, `-Name`, `-Groups` (those that
 * decided, comma separated) and `-Assertion`, a JWT of the same that an app verifies with `/.entragate/jwks.json`.
 *
 * An assertion lives at most {@link maxAssertionLife} seconds and ends no later than its session. Signed ones are kept
 * with their session object, by host, provider, matched groups and key, and made anew in the second half of their life;
 * so they are as bounded as the opened sessions are.
 */
export function createAssertionHeaders({ view, keys }: AssertionHeadersOptions): AssertionHeaders {
  const made = new WeakMap<Session, MadeHeaders[]>();

  return (session, host, matchedGroups, now) => {
    const { providers, authHost } = view();
    const basis = { host, matchedGroups, authHost, provider: providers.get(session.provider), key: keys().sealingKey };
    const ofSession = made.get(session) ?? [];
    for (const known of ofSession) if (isFor(known, basis, now)) return known.headers;
    const fresh = makeHeaders(session, basis, now);
    made.set(session, [fresh, ...ofSession.slice(0, maxMadePerSession - 1)]);
    return fresh.headers;
  };
}

/** Headers kept for one session: routes of a host rarely match more than a few sets of groups. */
const maxMadePerSession = 8;

/** What headers are made from, besides the session. */
interface Basis {
  readonly host: string;
  readonly matchedGroups: readonly GroupId[];
  readonly authHost: string | null;
  /** Compared as an object: the snapshot keeps it the same until its configuration, bounds included, changes. */
  readonly provider: IdentityProvider | undefined;
  readonly key: RingKey;
}

/** Times in milliseconds since the epoch. */
interface MadeHeaders {
  readonly basis: Basis;
  readonly madeAt: number;
  readonly renewAt: number;
  readonly headers: readonly string[];
}

function isFor(made: MadeHeaders, basis: Basis, now: number): boolean {
  return (
    now < made.renewAt &&
    now >= made.madeAt &&
    made.basis.key === basis.key &&
    made.basis.provider === basis.provider &&
    made.basis.host === basis.host &&
    made.basis.authHost === basis.authHost &&
    areSame(made.basis.matchedGroups, basis.matchedGroups)
  );
}

function areSame(one: readonly GroupId[], other: readonly GroupId[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function makeHeaders(session: Session, basis: Basis, now: number): MadeHeaders {
  const { host, matchedGroups, authHost, provider, key } = basis;
  const iat = Math.floor(now / 1000);
  // Without its provider a session has ended: what is made for it has expired.
  const exp = provider === undefined ? iat : Math.min(iat + maxAssertionLife, sessionBound(session, provider));
  const assertion = signAssertion(
    {
      iss: `https://${authHost ?? host}`,
      aud: `https://${host}`,
      sub: session.oid,
      tid: session.tid,
      provider: session.provider,
      name: session.name,
      groups: matchedGroups,
      iat,
      exp,
    },
    key,
  );
  return {
    basis,
    madeAt: now,
    renewAt: now + ((exp - iat) * 1000) / 2,
    headers: Object.freeze([
      'X-Entragate-User',
      session.oid,
      'X-Entragate-Tenant',
      session.tid,
      'X-Entragate-Name',
      headerText(session.name),
      'X-Entragate-Groups',
      matchedGroups.join(','),
      'X-Entragate-Assertion',
      assertion,
    ]),
  };
}
