import { openBrowser, signIn, type TestBrowser } from '../../support/browser.ts';
import type { Pod } from '../pod/pod.ts';
import type { Entra } from '../release/entra.ts';

/** A host, and the Pod that answers for it at port 443. */
export type ServedHost = readonly [host: string, pod: Pod];

/** A browser for which hosts are where DNS and a load balancer would take it: `https://HOST/`, without a port. */
export function openSignInBrowser(entra: Entra, hosts: readonly ServedHost[]): Promise<TestBrowser> {
  const provider = { host: 'localhost', port: Number(new URL(entra.origin).port) };
  return openBrowser(
    [...hosts.map(([host, { httpsPort }]) => ({ host, port: httpsPort })), provider],
    hosts.map(([host, { httpsPort }]) => `MAP ${host}:443 127.0.0.1:${httpsPort}`),
  );
}

/** What somebody sees who opens a page in a browser of their own and signs in. */
export async function pageAfterSignIn(browser: TestBrowser, url: string, username: string): Promise<string> {
  const person = await browser.person();
  try {
    const page = await person.newPage();
    await signIn(page, url, username);
    return (await page.locator('body').textContent()) ?? '';
  } finally {
    await person.close();
  }
}
