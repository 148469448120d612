/**
 * What a condition can turn out to be: a set of true, false and unknown, as bits. One member: that is the answer now.
 * True *and* false: not known to this session, and fresh facts would settle it. Only `outcomeUnknown`: nothing would.
 *
 * Sets rather than three values, so that "would a new sign-in help?" needs no second evaluation.
 */
export type Outcome = (typeof outcomes)[number];

/** It holds. */
export const outcomeTrue = 1;
/** It does not hold. */
export const outcomeFalse = 2;
/** It can not be known, and a fresh sign-in would not change that. */
export const outcomeUnknown = 4;
/** The session was made before anybody asked: a fresh one would answer true or false. */
export const outcomeUnasked = 3;

const outcomes = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const members = [outcomeTrue, outcomeFalse, outcomeUnknown] as const;

/** Kleene's strong conjunction of single outcomes: false beats unknown, unknown beats true. */
function andOfSingles(a: Outcome, b: Outcome): Outcome {
  if (a === outcomeFalse || b === outcomeFalse) return outcomeFalse;
  return a === outcomeUnknown || b === outcomeUnknown ? outcomeUnknown : outcomeTrue;
}

/** `andTable[a * 8 + b]`: every outcome that a member of `a` and a member of `b` can have together. */
const andTable: readonly Outcome[] = Array.from({ length: 64 }, (_, index) => {
  const pairs = members
    .filter((member) => (index >> 3) & member)
    .flatMap((a) => members.filter((member) => index & member).map((b) => andOfSingles(a, b)));
  return toOutcome(pairs.reduce<number>((set, single) => set | single, 0));
});

const notTable: readonly Outcome[] = Array.from({ length: 8 }, (_, set) =>
  toOutcome(((set & outcomeTrue) << 1) | ((set & outcomeFalse) >> 1) | (set & outcomeUnknown)),
);

function toOutcome(bits: number): Outcome {
  return outcomes[bits] ?? outcomeUnknown;
}

/** Kleene's strong conjunction, member by member. */
export function both(a: Outcome, b: Outcome): Outcome {
  return andTable[a * 8 + b] ?? outcomeUnknown;
}

/** Kleene's strong disjunction, member by member. */
export function either(a: Outcome, b: Outcome): Outcome {
  return opposite(both(opposite(a), opposite(b)));
}

/** Negation, member by member: unknown stays unknown. */
export function opposite(outcome: Outcome): Outcome {
  return notTable[outcome] ?? outcomeUnknown;
}

/** The outcome of something that is known. */
export function known(holds: boolean): Outcome {
  return holds ? outcomeTrue : outcomeFalse;
}

/** Whether `single` is a member of `outcome`. */
export function canBe(outcome: Outcome, single: 1 | 2 | 4): boolean {
  return (outcome & single) !== 0;
}
