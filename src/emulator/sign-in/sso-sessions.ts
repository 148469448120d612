import { createExpiringMap } from '../expiring-map.ts';
import { cookie, type EmulatorRequest } from '../http-exchange.ts';
import type { SignIn } from '../tokens/token-claims.ts';

/** A browser's session: who signed in with it, last first, and the apps that got a code. */
interface SsoSession {
  readonly signIns: readonly SignIn[];
  readonly clientIds: ReadonlySet<string>;
}

export interface SsoSessions {
  /** An empty session for a browser without one. */
  read(request: EmulatorRequest): SsoSession;
  /** Keeps the session and answers the headers that carry it. */
  write(request: EmulatorRequest, session: SsoSession): Readonly<Record<string, string>>;
  /** Ends the browser's session and answers the headers that clear its cookie. */
  end(request: EmulatorRequest): Readonly<Record<string, string>>;
}

/** Entra's own name of the cookie. */
const COOKIE = 'ESTSAUTHPERSISTENT';
const LIFETIME_MS = 90 * 86_400_000;
/** `None`, as Entra has it: silent sign-in in an iframe is a cross-site request. */
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=None';

const EMPTY: SsoSession = { signIns: [], clientIds: new Set() };

/** @param now ms since the epoch */
export function createSsoSessions(now: () => number): SsoSessions {
  const sessions = createExpiringMap<SsoSession>(LIFETIME_MS, now);
  return {
    read: (request) => sessions.get(cookie(request, COOKIE) ?? '') ?? EMPTY,
    write: (request, session) => {
      const id = cookie(request, COOKIE) ?? '';
      if (sessions.get(id) !== undefined) {
        sessions.replace(id, session);
        return {};
      }
      return { 'set-cookie': `${COOKIE}=${sessions.add(session)}; ${ATTRIBUTES}` };
    },
    end: (request) => {
      sessions.delete(cookie(request, COOKIE) ?? '');
      return { 'set-cookie': `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0` };
    },
  };
}
