/** A write to a socket that may wait for the end of this turn of the event loop. */
export interface LateWrite {
  write(): void;
}

let waiting: LateWrite[] = [];
let writing: LateWrite[] = [];

/**
 * Has `late` written at the end of this turn, one behind the other with all that came up in it. A reader that sleeps is woken
 * by a write; woken once, it finds the later ones too. Written where they come up, with work for the next request in between,
 * each of them wakes it again, and that costs as much as all that is decided about a request.
 */
export function writeLate(late: LateWrite): void {
  if (waiting.push(late) === 1) setImmediate(writeNow);
}

/** Writes what waits for the end of this turn: for whoever does something long before it ends. */
export function writeNow(): void {
  const now = waiting;
  waiting = writing;
  writing = now;
  for (const late of now) late.write();
  now.length = 0;
}
