import { openBrowser, type TestBrowser } from './browser.ts';
import { type SiteApp, startSiteApp } from './site-app.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

/** A world on `*.<domain>` with pages for browsers, and a browser that trusts it. */
export interface BrowserWorld {
  readonly world: World;
  readonly browser: TestBrowser;
  /** What answers behind every host: `ledger` (Finance), `wiki` (Employees) and `status` (public). */
  readonly app: SiteApp;
  readonly ledgerHost: string;
  readonly wikiHost: string;
  ledger(path?: string): string;
  wiki(path?: string): string;
  status(path?: string): string;
  /** What reached the app at paths that begin so. */
  reached(path: string): SiteApp['requests'];
  close(): Promise<void>;
}

export interface BrowserWorldOptions extends Pick<WorldOptions, 'provider' | 'optionalClaims' | 'authority'> {
  readonly domain: string;
  /** HTML by path. */
  readonly pages?: Readonly<Record<string, string>>;
}

/** Starts a world and a browser. Close it in `after`. */
export async function startBrowserWorld({ domain, pages, ...options }: BrowserWorldOptions): Promise<BrowserWorld> {
  await using started = new AsyncDisposableStack();
  const app = await startSiteApp(pages);
  started.defer(() => app.close());
  const routed = (name: string, annotation: string, value: string) => ({
    name,
    host: `${name}.${domain}`,
    annotations: { [`entragate.dev/${annotation}`]: value },
    port: app.port,
  });
  const apps = [
    routed('ledger', 'policies', 'finance'),
    routed('wiki', 'policies', 'cluster/employees'),
    routed('status', 'access', 'public'),
  ];
  const world = await startWorld({ ...options, authHost: `auth.${domain}`, apps });
  started.defer(() => world.close());
  const browser = await openBrowser([
    ...[world.authHost, ...apps.map(({ host }) => host)].map((host) => ({ host, port: world.dev.httpsPort })),
    { host: 'login.localhost', port: Number(new URL(world.emulator.origin).port) },
  ]);
  started.defer(() => browser.close());
  const running = started.move();
  return {
    world,
    browser,
    app,
    ledgerHost: `ledger.${domain}`,
    wikiHost: `wiki.${domain}`,
    ledger: (path) => world.url(`ledger.${domain}`, path),
    wiki: (path) => world.url(`wiki.${domain}`, path),
    status: (path) => world.url(`status.${domain}`, path),
    reached: (path) => app.requests.filter(({ target }) => target.startsWith(path)),
    close: () => running.disposeAsync(),
  };
}
