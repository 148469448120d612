/** Where a listener binds. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A Service port that really answers somewhere else: `entragate dev --map apps/ledger:http=127.0.0.1:9001`. */
export interface ServiceMapping {
  readonly namespace: string;
  readonly service: string;
  /** Port name, or number as text. */
  readonly port: string;
  readonly target: ListenAddress;
}

/** What one process of Entragate is told at its start; frozen, and the same in primary and workers. */
export interface Config {
  readonly https: ListenAddress;
  readonly http: ListenAddress;
  readonly admin: ListenAddress;
  /** The https port as browsers see it: redirects use it, never the port of a `Host` field. */
  readonly externalHttpsPort: number;
  /** 0: control and data plane in one process. */
  readonly workers: number;
  readonly trustedProxies: readonly string[];
  /** PEM of a certificate authority that vouches for the identity provider, beside none of the system's; null: the system's. */
  readonly authorityCa: string | null;
  /** Ranges that no backend may be in, beside those that never may. */
  readonly deniedCidrs: readonly string[];
  /** File with the token of a workload identity (Azure's webhook sets AZURE_FEDERATED_TOKEN_FILE); null: there is none. */
  readonly federatedTokenFile: string | null;
  /** Whether this is `entragate dev`: names below `localhost` resolve to loopback, and no HSTS is sent. */
  readonly isDevelopment: boolean;
}
