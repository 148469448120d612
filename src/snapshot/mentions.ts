import { compareText, contentHash } from './content-hash.ts';
import type { GroupId } from './ids.ts';
import type { Mentions } from './snapshot.ts';

/** {@link Mentions} without the fingerprint: what one policy, or one kind of access, asks about a user. */
export type MentionedFacts = Omit<Mentions, 'fingerprint'>;

/** The union of several sets of mentioned facts, sorted, with the fingerprint that sessions remember. */
export function unionOfMentions(parts: Iterable<MentionedFacts>): Mentions {
  const groups = new Set<GroupId>();
  const roles = new Set<string>();
  const claims = new Set<string>();
  for (const part of parts) {
    for (const group of part.groups) groups.add(group);
    for (const role of part.roles) roles.add(role);
    for (const claim of part.claims) claims.add(claim);
  }
  const facts = {
    groups: Object.freeze([...groups].sort(compareText)),
    roles: Object.freeze([...roles].sort(compareText)),
    claims: Object.freeze([...claims].sort(compareText)),
  };
  return Object.freeze({ ...facts, fingerprint: fingerprintOf(facts) });
}

const unions = new WeakMap<readonly MentionedFacts[], Mentions>();

/**
 * The same as {@link unionOfMentions}, remembered by the identity of the list: a thousand hosts of one Ingress have one object, which is sent to data
 * planes once.
 */
export function sharedUnionOfMentions(parts: readonly MentionedFacts[]): Mentions {
  const known = unions.get(parts) ?? unionOfMentions(parts);
  unions.set(parts, known);
  return known;
}

/** The fingerprint of sorted facts: 128 bits in hex, a function of the mentioned set and of nothing else. */
export function fingerprintOf({ groups, roles, claims }: MentionedFacts): string {
  return contentHash({ groups, roles, claims });
}
