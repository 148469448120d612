import type { ClaimValue } from '../../policy/decide/principal.ts';
import type { Mentions } from '../../snapshot/snapshot.ts';
import type { Session } from '../session.ts';
import { decodeSession, encodeSession, maxSessionGroups } from './session-codec.ts';

/** Whether the auth host's session answers what the policies of another host ask. */
export type Projection =
  | { readonly kind: 'answered'; readonly session: Session }
  /** Asked by policies only after this sign-in: the provider must be asked again. */
  | { readonly kind: 'unanswered'; readonly what: readonly string[] };

/**
 * Derives the session of one host from the auth host's: what policies of that host mention, under the same `lid`,
 * `checkedAt` and `loginAt`.
 *
 * @param mentions what policies of the host mention
 * @param allMentions what all policies mention now
 * @param sid id of the new session: 16 random bytes, base64url
 */
export function projectSession(auth: Session, mentions: Mentions, allMentions: Mentions, sid: string): Projection {
  const what = unanswered(auth, mentions, allMentions);
  if (what.length > 0) return { kind: 'unanswered', what };
  const mentioned = new Set(mentions.groups);
  return {
    kind: 'answered',
    session: Object.freeze({
      ...auth,
      sid,
      groups: auth.groups.filter((group) => mentioned.has(group)),
      claims: pick(auth.claims, mentions.claims),
      mentionsFingerprint: mentions.fingerprint,
      mentionedGroups: 'as-fingerprint',
    }),
  };
}

/**
 * The auth host's session as it is kept: all groups of the token up to 200; past that, those that policies mention. Where
 * even that does not fit, it answers for what it keeps alone: one tenant's policies must not crowd out what others ask.
 *
 * @param session as the token told, with `mentionedGroups: 'all'`
 */
export function fitAuthSession(session: Session, allMentions: Mentions): Session {
  const fitting = session.groups.length <= maxSessionGroups ? session : mentionedOnly(session, allMentions);
  const claimsKept = decodeSession(encodeSession(fitting), fitting.binding)?.claims.size ?? 0;
  if (fitting.groups.length <= maxSessionGroups && claimsKept === fitting.claims.size) return fitting;
  return Object.freeze({
    ...fitting,
    groups: fitting.groups.slice(0, maxSessionGroups),
    mentionsFingerprint: cutFingerprint,
  });
}

/** No fingerprint of mentions: those are hashes in hexadecimal. */
const cutFingerprint = 'cut';

function mentionedOnly(session: Session, allMentions: Mentions): Session {
  const mentioned = new Set(allMentions.groups);
  return Object.freeze({
    ...session,
    groups: session.groups.filter((group) => mentioned.has(group)),
    mentionsFingerprint: allMentions.fingerprint,
    mentionedGroups: 'as-fingerprint',
  });
}

/** Incomplete facts count as answered: asking again would bring the same, and policies deny with that reason. */
function unanswered(auth: Session, mentions: Mentions, allMentions: Mentions): readonly string[] {
  if (auth.mentionsFingerprint === allMentions.fingerprint) return [];
  const known = new Set<string>(auth.groups);
  const knowsGroups = auth.mentionedGroups === 'all' || auth.groupCompleteness !== 'complete';
  const groups = knowsGroups ? [] : mentions.groups.filter((group) => !known.has(group));
  return [...groups, ...mentions.claims.filter((claim) => !auth.claims.has(claim))];
}

function pick(claims: Session['claims'], paths: readonly string[]): ReadonlyMap<string, ClaimValue | null> {
  const picked = new Map<string, ClaimValue | null>();
  for (const path of paths) {
    const value = claims.get(path);
    if (value !== undefined) picked.set(path, value);
  }
  return picked;
}
