import https from 'node:https';
import type { TestAuthority } from './test-authority.ts';

/** A hop that takes cookies out of answers: what a browser that refuses them looks like from outside. */
export interface CookieFilter {
  readonly port: number;
  /** For Chromium's `--host-resolver-rules`. */
  readonly resolverRules: readonly string[];
  /** The `Set-Cookie` lines with these beginnings are dropped from now on. */
  block(...beginnings: readonly string[]): void;
  close(): Promise<void>;
}

/**
 * Chromium's own setting lies in preferences that the headless shell does not read.
 *
 * @param upstreamPort loopback port of the data plane, which is also the port that browsers see
 */
export async function startCookieFilter(
  hosts: readonly string[],
  upstreamPort: number,
  authority: TestAuthority,
): Promise<CookieFilter> {
  const { certPem, keyPem } = await authority.issue(hosts);
  let blocked: readonly string[] = [];
  const server = https.createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const servername = (request.headers.host ?? '').replace(/:\d+$/, '');
    const onward = https.request({
      ...{ host: '127.0.0.1', port: upstreamPort, servername, rejectUnauthorized: false, agent: false },
      ...{ method: request.method, path: request.url, headers: request.headers },
    });
    onward.on('response', (answer) => {
      const { 'set-cookie': cookies = [], ...headers } = answer.headers;
      const kept = cookies.filter((line) => !blocked.some((beginning) => line.startsWith(beginning)));
      response.writeHead(answer.statusCode ?? 502, { ...headers, 'set-cookie': kept });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the cookie filter has no TCP port');
  const { port } = address;
  return {
    port,
    resolverRules: hosts.map((host) => `MAP ${host}:${upstreamPort} 127.0.0.1:${port}`),
    block: (...beginnings) => {
      blocked = beginnings;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
