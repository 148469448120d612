import type { SignInWanted } from '../identity.ts';
import type { Session } from '../session.ts';
import { onlyParameter } from './query.ts';

/** A session is enough. */
export const nothingMore: SignInWanted = Object.freeze({ maxAgeSeconds: null, authContext: null, freshFacts: false });

/** Whether a session gives what is wanted. Only what the provider vouched for counts: `auth_time` for an age, `acrs` for a context. */
export function satisfies(session: Session, wanted: SignInWanted, now: number): boolean {
  const isRecent =
    wanted.maxAgeSeconds === null || (session.authTime !== null && now - session.authTime <= wanted.maxAgeSeconds);
  const hasContext = wanted.authContext === null || session.authContexts?.includes(wanted.authContext) === true;
  return isRecent && hasContext;
}

/**
 * The parameters that ask for it in a link of ours: '' or `&max_age=600&context=c1`. Not sealed: whoever changes them has
 * the user authenticate more, never less, since policies decide by the session.
 */
export function wantedParameters({ maxAgeSeconds, authContext }: SignInWanted): string {
  const age = maxAgeSeconds === null ? '' : `&max_age=${maxAgeSeconds}`;
  return authContext === null ? age : `${age}&context=${encodeURIComponent(authContext)}`;
}

/** Reads {@link wantedParameters}; what is not of their form asks for nothing. */
export function readWanted(query: string): SignInWanted {
  const age = onlyParameter(query, 'max_age') ?? '';
  const context = onlyParameter(query, 'context') ?? '';
  return {
    maxAgeSeconds: /^\d{1,7}$/.test(age) ? Number(age) : null,
    authContext: /^c[1-9]\d?$/.test(context) ? context : null,
    freshFacts: false,
  };
}
