import {
  type ClaimFact,
  claimAbsent,
  claimNotIssued,
  type GroupFacts,
  type Principal,
} from '../../policy/decide/principal.ts';
import type { GroupId } from '../../snapshot/ids.ts';
import type { Mentions } from '../../snapshot/snapshot.ts';
import type { Session } from '../session.ts';

export type UserPrincipal = Extract<Principal, { readonly kind: 'user' }>;

/**
 * What policies may know of the user of a session.
 *
 * A group or claim is a known "no" only where the session was made for the same mentions. What policies have come to
 * mention since is unknown, and a new sign-in settles it.
 */
export function sessionPrincipal(session: Session, mentions: Mentions): UserPrincipal {
  const isCurrent = session.mentionsFingerprint === mentions.fingerprint;
  return Object.freeze({
    kind: 'user',
    provider: session.provider,
    tid: session.tid,
    oid: session.oid,
    name: session.name,
    groups: new SessionGroups(session.groups, unknownBecause(session, isCurrent)),
    roles: session.roles === null ? 'unknown' : new Set(session.roles),
    claims: claimFacts(session, isCurrent ? mentions.claims : []),
    authTime: session.authTime,
    authContexts: session.authContexts === null ? null : new Set(session.authContexts),
    checkedAt: session.checkedAt,
  });
}

/** A reason that a new sign-in would not settle goes first: it must end in a denial, not in a loop of sign-ins. */
function unknownBecause(session: Session, isCurrent: boolean): GroupFacts['unknownBecause'] {
  if (session.groupCompleteness !== 'complete') return session.groupCompleteness;
  return isCurrent || session.mentionedGroups === 'all' ? 'none' : 'not-mentioned-at-sign-in';
}

/** @param asked claims that the sign-in looked for: those that it did not find were not issued */
function claimFacts(session: Session, asked: readonly string[]): ReadonlyMap<string, ClaimFact> {
  const facts = new Map<string, ClaimFact>();
  for (const path of asked) facts.set(path, claimNotIssued);
  for (const [path, value] of session.claims) facts.set(path, value ?? claimAbsent);
  return facts;
}

class SessionGroups implements GroupFacts {
  readonly unknownBecause: GroupFacts['unknownBecause'];
  readonly #member: ReadonlySet<GroupId>;
  readonly #otherwise: 'no' | 'unknown';

  constructor(member: readonly GroupId[], unknownBecause: GroupFacts['unknownBecause']) {
    this.#member = new Set(member);
    this.unknownBecause = unknownBecause;
    this.#otherwise = unknownBecause === 'none' ? 'no' : 'unknown';
  }

  has(id: GroupId): 'yes' | 'no' | 'unknown' {
    return this.#member.has(id) ? 'yes' : this.#otherwise;
  }
}
