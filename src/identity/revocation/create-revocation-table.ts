import type { ObjectId } from '../../snapshot/ids.ts';
import type { Revocation, RevokedUser } from './revocation.ts';
import type { Revocable, RevocationStats, RevocationTable } from './revocation-table.ts';

/** Single sessions and logins kept of one user; one more, and all sessions of the user up to the newest of them are revoked. */
export const maxRevocationsPerUser = 20;

/** Revocations kept in all. */
const defaultMaxRevocations = 50_000;

/**
 * Makes an empty table.
 *
 * Folding revokes more than was asked for, never less: users sign in again, mostly without noticing. Folding everything
 * reaches back in time only: what the provider confirmed after the older half of the revocations stays.
 */
export function createRevocationTable(maxRevocations: number = defaultMaxRevocations): RevocationTable {
  return new BoundedTable(maxRevocations);
}

class BoundedTable implements RevocationTable {
  readonly #maxRevocations: number;
  readonly #logins = new Map<string, SingleRevocation>();
  readonly #sessions = new Map<string, SingleRevocation>();
  readonly #users = new Map<ObjectId, readonly UserRevocation[]>();
  /** The same logins and sessions by user, to count them. */
  readonly #singlesOf = new Map<ObjectId, readonly SingleRevocation[]>();
  #everything: EverythingRevocation | null = null;
  #userCount = 0;
  #userFolds = 0;
  #totalFolds = 0;

  constructor(maxRevocations: number) {
    this.#maxRevocations = maxRevocations;
  }

  add(revocation: Revocation): void {
    switch (revocation.kind) {
      case 'user':
        this.#addUser(revocation);
        break;
      case 'everything':
        this.#addEverything(revocation);
        break;
      case 'login':
      case 'session':
        this.#addSingle(revocation);
        break;
      default:
        revocation satisfies never;
    }
    if (this.#size() > this.#maxRevocations) this.#foldOlderHalf();
  }

  isRevoked(session: Revocable): boolean {
    if (this.#everything !== null && session.checkedAt < this.#everything.before) return true;
    if (this.#logins.has(session.lid) || this.#sessions.has(session.sid)) return true;
    const ofUser = this.#users.get(session.oid);
    if (ofUser !== undefined) {
      for (const revocation of ofUser) if (matchesUser(revocation, session)) return true;
    }
    return false;
  }

  all(): readonly Revocation[] {
    const everything = this.#everything === null ? [] : [this.#everything];
    return [...this.#logins.values(), ...this.#sessions.values(), ...[...this.#users.values()].flat(), ...everything];
  }

  sweep(now: number): void {
    for (const revocation of this.all()) if (revocation.expiresAt * 1000 <= now) this.#remove(revocation);
  }

  stats(): RevocationStats {
    return { size: this.#size(), userFolds: this.#userFolds, totalFolds: this.#totalFolds };
  }

  #size(): number {
    return this.#logins.size + this.#sessions.size + this.#userCount + (this.#everything === null ? 0 : 1);
  }

  #addUser(revocation: UserRevocation): void {
    const ofOid = this.#users.get(revocation.oid) ?? [];
    const known = ofOid.find((other) => isSameUser(other, revocation));
    const rest = ofOid.filter((other) => other !== known);
    this.#users.set(revocation.oid, [...rest, known === undefined ? revocation : merged(known, revocation)]);
    if (known === undefined) this.#userCount++;
  }

  #addEverything(revocation: EverythingRevocation): void {
    this.#everything = this.#everything === null ? revocation : merged(this.#everything, revocation);
  }

  #addSingle(revocation: SingleRevocation): void {
    const known = revocation.kind === 'login' ? this.#logins.get(revocation.lid) : this.#sessions.get(revocation.sid);
    if (known !== undefined && known.expiresAt >= revocation.expiresAt) return;
    if (known !== undefined) this.#remove(known);
    if (revocation.kind === 'login') this.#logins.set(revocation.lid, revocation);
    else this.#sessions.set(revocation.sid, revocation);
    const { user } = revocation;
    if (user === null) return;
    const singles = [...(this.#singlesOf.get(user.oid) ?? []), revocation];
    this.#singlesOf.set(user.oid, singles);
    this.#foldUser(user, singles);
  }

  #foldUser({ tid, oid }: RevokedUser, singlesOfOid: readonly SingleRevocation[]): void {
    const singles = singlesOfOid.filter(({ user }) => user?.tid === tid);
    if (singles.length <= maxRevocationsPerUser) return;
    this.#userFolds++;
    for (const single of singles) {
      this.#remove(single);
      this.#addUser({ kind: 'user', provider: null, tid, oid, before: single.at, expiresAt: single.expiresAt });
    }
  }

  #foldOlderHalf(): void {
    this.#totalFolds++;
    const oldestFirst = [...this.all()].sort((one, other) => momentOf(one) - momentOf(other));
    for (const revocation of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 2))) {
      this.#remove(revocation);
      this.#addEverything({ kind: 'everything', before: momentOf(revocation), expiresAt: revocation.expiresAt });
    }
  }

  #remove(revocation: Revocation): void {
    switch (revocation.kind) {
      case 'user':
        removeFrom(this.#users, revocation.oid, revocation);
        this.#userCount--;
        return;
      case 'everything':
        this.#everything = null;
        return;
      case 'login':
        this.#logins.delete(revocation.lid);
        if (revocation.user !== null) removeFrom(this.#singlesOf, revocation.user.oid, revocation);
        return;
      case 'session':
        this.#sessions.delete(revocation.sid);
        if (revocation.user !== null) removeFrom(this.#singlesOf, revocation.user.oid, revocation);
        return;
      default:
        revocation satisfies never;
    }
  }
}

function removeFrom<R extends Revocation>(lists: Map<ObjectId, readonly R[]>, oid: ObjectId, revocation: R): void {
  const rest = (lists.get(oid) ?? []).filter((other) => other !== revocation);
  if (rest.length === 0) lists.delete(oid);
  else lists.set(oid, rest);
}

type UserRevocation = Extract<Revocation, { readonly kind: 'user' }>;
type EverythingRevocation = Extract<Revocation, { readonly kind: 'everything' }>;
type SingleRevocation = Extract<Revocation, { readonly kind: 'session' | 'login' }>;

/** Everything that either revokes, for as long as the longer of them does. */
function merged<R extends UserRevocation | EverythingRevocation>(one: R, other: R): R {
  return {
    ...one,
    before: Math.max(one.before, other.before),
    expiresAt: Math.max(one.expiresAt, other.expiresAt),
  };
}

/** The time up to which a coarser revocation must reach to cover this one. */
function momentOf(revocation: Revocation): number {
  return revocation.kind === 'session' || revocation.kind === 'login' ? revocation.at : revocation.before;
}

function isSameUser(one: UserRevocation, other: UserRevocation): boolean {
  return one.tid === other.tid && one.oid === other.oid && one.provider === other.provider;
}

function matchesUser(revocation: UserRevocation, session: Revocable): boolean {
  return (
    session.checkedAt < revocation.before &&
    revocation.tid === session.tid &&
    (revocation.provider === null || revocation.provider === session.provider)
  );
}
