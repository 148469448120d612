/** What rules may ask about a request. Made from the canonical request only, never from its raw form. */
export interface RequestFacts {
  /** Canonical host: lower case, no port, no trailing dot. */
  readonly host: string;
  readonly method: string;
  /** Canonical path: the form that is matched and forwarded, without the query. */
  readonly path: string;
  /** The peer's address, or what a trusted proxy vouched for; null: not known. */
  readonly sourceIp: string | null;
}
