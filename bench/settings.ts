/** What a server that only forwards is told. */
export interface ForwarderSettings {
  readonly upstreamPort: number;
}

/** What `entragate-server.ts` is told. */
export interface EntragateSettings extends ForwarderSettings {
  /** Groups that the policies of the host mention; every user is in all of them. */
  readonly groups: number;
  /** How many of them the Policy of the route names, so that they decide and go to the app. */
  readonly groupsOfRoute: number;
  /** Distinct sessions in the rotation. */
  readonly sessions: number;
  /** Where the rotation's Cookie values go, one a line. Readable for its owner only. */
  readonly cookieFile: string;
}

/** What `flood-source.ts` is told. */
export interface FloodSettings {
  readonly port: number;
  readonly connections: number;
  /** The request that every connection sends, whole. */
  readonly request: string;
}

/** What `entragate-server.ts` says when it listens. */
export interface EntragateReady {
  readonly port: number;
  /** Bytes of one session's `Cookie` field value, names included. */
  readonly cookieBytes: number;
}

export type EntragateQuestion =
  /** Makes a session outside of the rotation, to be revoked. */
  | { readonly type: 'new-session' }
  | { readonly type: 'revoke' }
  /** What its own metrics have counted. */
  | { readonly type: 'counts' };

/** Requests counted by its metrics, by status. */
export type EntragateCounts = Readonly<Record<string, number>>;

export const benchHost = 'app.example.com';
export const benchPath = '/reports/2026?page=2';
