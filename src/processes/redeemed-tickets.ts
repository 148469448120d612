/** Which sign-in tickets this replica has seen: a ticket is redeemed once, whichever worker it comes to. */
export class RedeemedTickets {
  readonly #expiries = new Map<string, number>();
  #sweptAt = 0;

  /**
   * Whether this is the first time that `ticket` is seen.
   *
   * @param expiresAt seconds since the epoch; past it the ticket does not open any more, and is forgotten here
   * @param now seconds since the epoch
   */
  redeem(ticket: string, expiresAt: number, now: number): boolean {
    this.#sweep(now);
    if (this.#expiries.has(ticket)) return false;
    this.#expiries.set(ticket, expiresAt);
    return true;
  }

  /** Tickets live for a minute, so a sweep every few seconds bounds the map by the sign-ins of about a minute. */
  #sweep(now: number): void {
    if (now < this.#sweptAt + 5) return;
    this.#sweptAt = now;
    for (const [ticket, expiresAt] of this.#expiries) {
      // A margin for clocks: forgetting early would let a ticket in twice.
      if (expiresAt + 120 < now) this.#expiries.delete(ticket);
    }
  }
}
