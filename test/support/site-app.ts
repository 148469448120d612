import http from 'node:http';

/** A request that reached the app. */
export interface SiteRequest {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  /** `X-Entragate-User`, or ''. */
  readonly user: string;
  readonly body: string;
}

/** An app with pages for browsers. */
export interface SiteApp {
  readonly port: number;
  /** Everything that reached it, oldest first. */
  readonly requests: readonly SiteRequest[];
  close(): Promise<void>;
}

/**
 * Starts an app on loopback that answers a path of `pages` with that HTML, or JavaScript below `*.js`, and any other with a page
 * whose heading is the path.
 */
export async function startSiteApp(pages: Readonly<Record<string, string>> = {}): Promise<SiteApp> {
  const requests: SiteRequest[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      const user = String(headers['x-entragate-user'] ?? '');
      requests.push({ method, target, user, body: Buffer.concat(chunks).toString('utf8') });
      const path = target.split('?', 1)[0] ?? '';
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
      response.end(pages[path] ?? document(path, `<p>${user}</p>`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the app has no TCP port');
  return {
    port: address.port,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** A page with one heading. */
export function document(heading: string, body: string): string {
  return `<!doctype html><html lang="en"><title>${heading}</title><h1>${heading}</h1>${body}</html>`;
}
