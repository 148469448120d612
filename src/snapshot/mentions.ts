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
  for (const part of new Set(parts)) {
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

/** Where the parts that came first lead to: their union, if it was asked for, and what further parts make of it. */
interface KnownUnion {
  union: Mentions | null;
  readonly further: WeakMap<MentionedFacts, KnownUnion>;
}

const none: KnownUnion = { union: null, further: new WeakMap() };

/**
 * The same as {@link unionOfMentions}, remembered by the identity of the parts, of which each counts once: a thousand hosts that ask the same have one
 * object, which is sent to data planes once.
 */
export function sharedUnionOfMentions(parts: readonly MentionedFacts[]): Mentions {
  let known = none;
  for (const part of new Set(parts)) {
    known = known.further.getOrInsertComputed(part, () => ({ union: null, further: new WeakMap() }));
  }
  known.union ??= unionOfMentions(parts);
  return known.union;
}

/** The fingerprint of sorted facts: 128 bits in hex, a function of the mentioned set and of nothing else. */
export function fingerprintOf({ groups, roles, claims }: MentionedFacts): string {
  return contentHash({ groups, roles, claims });
}
