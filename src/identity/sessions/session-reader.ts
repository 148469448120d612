import type { IdentityProvider, Mentions } from '../../snapshot/snapshot.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { RevocationTable } from '../revocation/revocation-table.ts';
import { namesUnknownKey } from '../sealed/seal.ts';
import type { Session, SessionState } from '../session.ts';
import type { IdentityView } from '../view.ts';
import { appSessionCookie } from './cookie-names.ts';
import { SessionCache } from './session-cache.ts';
import { findSealedSession, openSession } from './session-cookies.ts';
import { isRecheckDue, type SessionEnd, sessionEnd } from './session-end.ts';
import { sessionPrincipal } from './session-principal.ts';

/** Reads sessions from cookies and judges them by bounds and revocations, at the moment they are used. Times in milliseconds since the epoch. */
export interface SessionReader {
  /** The session of an app's host. Hot path: what was opened is remembered, what time or events may change is judged every time. */
  read(cookies: string, host: string, now: number): SessionState;
  /** The session of the host that runs sign-in. */
  readAuthSession(cookies: string, host: string, now: number): AuthSessionState;
  /** Whether a session seen earlier may go on, whatever became of its host: inside every bound, not revoked, of a provider that is still there. */
  isStillGood(session: Session, now: number): boolean;
}

/** As `SessionState`, for sign-in: an ended session tells who was signed in, an open one answers for other hosts. */
type AuthSessionState =
  | { readonly kind: 'none' }
  | { readonly kind: 'ended'; readonly why: SessionEnd; readonly session: Session }
  | { readonly kind: 'open'; readonly session: Session; readonly recheckDue: boolean };

export interface SessionReaderOptions {
  /** The current snapshot's view. */
  readonly view: () => IdentityView;
  readonly keys: () => KeyRing;
  readonly revocations: RevocationTable;
  /** A session came that was sealed with a key this process does not have. */
  readonly onUnknownKey: () => void;
}

/**
 * Sealed characters that each of two generations of opened sessions may have: some 9,000 sessions of 30 groups, or 1,800
 * of 200. Both generations together take some 65 MiB of a worker (measured).
 */
const cacheCharacters = 8_000_000;

/**
 * Characters of a `Cookie` field that holds one session, in two cookies at most, and nothing else: such a field is known by
 * its whole text, and needs no cutting up. Others change with whatever else is in them, and are known by the session's.
 */
const mostFraming = `${appSessionCookie}.1=; ${appSessionCookie}.2=`.length;

/** Reads sessions by the keys and revocations of the moment; what was opened once is remembered, in bounded memory. */
export function createSessionReader({ view, keys, revocations, onUnknownKey }: SessionReaderOptions): SessionReader {
  const cache = new SessionCache<OpenedSession>(cacheCharacters);
  let cachedUnder: KeyRing | null = null;

  /** A key that is gone takes along what it sealed: another ring starts with an empty cache. */
  const opened = (cookies: string, host: string): OpenedSession | null => {
    const ring = keys();
    if (ring !== cachedUnder) {
      cache.clear();
      cachedUnder = ring;
    }
    return cache.get(cookies, host) ?? openedFrom(cookies, host, ring);
  };

  const openedFrom = (cookies: string, host: string, ring: KeyRing): OpenedSession | null => {
    const sealed = findSealedSession('session', cookies);
    if (sealed === null) return null;
    const known = cache.get(sealed, host);
    if (known !== null) return known;
    const session = openSession('session', sealed, host, ring);
    if (session === null) {
      if (namesUnknownKey(sealed, ring)) onUnknownKey();
      return null;
    }
    const entry = new OpenedSession(session);
    cache.set(cookies.length - sealed.length <= mostFraming ? cookies : sealed, host, entry);
    return entry;
  };

  return Object.freeze({
    read: (cookies: string, host: string, now: number): SessionState => {
      const entry = opened(cookies, host);
      if (entry === null) return none;
      const current = view();
      const mentions = current.mentionsOf(host);
      if (mentions === null) return none;
      return entry.state(current.providers.get(entry.session.provider), mentions, revocations, now);
    },
    readAuthSession: (cookies: string, host: string, now: number): AuthSessionState => {
      const sealed = findSealedSession('auth-session', cookies);
      const session = sealed === null ? null : openSession('auth-session', sealed, host, keys());
      if (session === null) {
        if (sealed !== null && namesUnknownKey(sealed, keys())) onUnknownKey();
        return none;
      }
      const provider = view().providers.get(session.provider);
      const why = sessionEnd(session, provider, revocations, now);
      if (why !== null || provider === undefined) return { kind: 'ended', why: why ?? 'provider-changed', session };
      return { kind: 'open', session, recheckDue: isRecheckDue(session, provider, now) };
    },
    isStillGood: (session: Session, now: number): boolean =>
      sessionEnd(session, view().providers.get(session.provider), revocations, now) === null,
  });
}

const none = { kind: 'none' } as const;

type OpenState = Extract<SessionState, { readonly kind: 'open' }>;

/** What a cookie opened to, with the answers for its host's present mentions built once. */
class OpenedSession {
  readonly session: Session;
  #mentions: Mentions | null = null;
  #fresh: OpenState | null = null;
  #due: OpenState | null = null;

  constructor(session: Session) {
    this.session = session;
  }

  state(
    provider: IdentityProvider | undefined,
    mentions: Mentions,
    revocations: RevocationTable,
    now: number,
  ): SessionState {
    const why = sessionEnd(this.session, provider, revocations, now);
    if (why !== null || provider === undefined) {
      return { kind: 'ended', why: why ?? 'provider-changed', provider: this.session.provider };
    }
    return this.#openState(mentions, isRecheckDue(this.session, provider, now));
  }

  #openState(mentions: Mentions, recheckDue: boolean): OpenState {
    const known = recheckDue ? this.#due : this.#fresh;
    if (known !== null && this.#mentions?.fingerprint === mentions.fingerprint) return known;
    const session = this.session;
    const principal = sessionPrincipal(session, mentions);
    this.#mentions = mentions;
    this.#fresh = Object.freeze({ kind: 'open', session, principal, recheckDue: false });
    this.#due = Object.freeze({ kind: 'open', session, principal, recheckDue: true });
    return recheckDue ? this.#due : this.#fresh;
  }
}
