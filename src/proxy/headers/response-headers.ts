export declare function downstreamHeaders(
  rawUpstreamHeaders: readonly (string | Buffer)[],
  isOurCookieName: (name: string) => boolean,
): string[];
