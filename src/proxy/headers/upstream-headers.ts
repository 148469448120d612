import type { CanonicalRequest } from '../reading/canonical-request.ts';

export interface UpstreamHeaderOptions {
  /** Identity fields of ours, `[name, value, …]`. */
  readonly identity: readonly string[];
  readonly requestId: string;
  /** The port of https as browsers see it. */
  readonly externalPort: number;
  /** Method overrides are dropped where a rule of the route asks for the method. */
  readonly rulesAreByMethod: boolean;
  readonly stripOurCookies: (cookies: string) => string;
}
export declare function upstreamHeaders(request: CanonicalRequest, options: UpstreamHeaderOptions): string[];
