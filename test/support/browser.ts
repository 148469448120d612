import { createHash, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { unpackBrowser } from './unpacked-browser.ts';
import { PATIENCE_MS } from './until.ts';

/** A server whose certificate the browser shall accept: the name in the handshake, and the loopback port. */
interface TrustedServer {
  readonly host: string;
  readonly port: number;
}

/** Such a server, or its certificate. */
export type Trusted = TrustedServer | { readonly certPem: string };

/** For the hook that opens the first browser of a machine: it unpacks 200 MB. */
export const startTimeoutMs = 300_000;

export interface TestBrowser {
  /** A browser as somebody else has it: no cookies, no cache. Closed with the browser. */
  person(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/**
 * Starts Chromium with its web security on. `*.localhost` and `*.example.test` are loopback; certificates are trusted by
 * their keys, since a service worker needs a connection without certificate errors.
 *
 * @param resolverRules more of Chromium's `--host-resolver-rules`; the first that matches counts
 */
export async function openBrowser(
  trusted: readonly Trusted[],
  resolverRules: readonly string[] = [],
): Promise<TestBrowser> {
  const { executable: executablePath, libraries, fonts } = await unpackBrowser();
  const keys = await Promise.all(trusted.map(publicKeyHash));
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--font-render-hinting=none',
      `--host-resolver-rules=${[...resolverRules, 'MAP *.example.test 127.0.0.1'].join(',')}`,
      `--ignore-certificate-errors-spki-list=${[...new Set(keys)].join(',')}`,
    ],
    env: { ...process.env, FONTCONFIG_PATH: fonts, LD_LIBRARY_PATH: libraries },
  });
  return {
    person: async (options = {}) => {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(PATIENCE_MS);
      return context;
    },
    close: () => browser.close(),
  };
}

/** Presses the button of `username` on the emulator's sign-in page, as soon as that is there. */
export async function pickAccount(page: Page, username: string): Promise<void> {
  await page.locator(`button[name="username"][value="${username}"]`).click();
}

/** Opens `url` as somebody whom Entra asks for an account, and waits to be back at `url`. */
export async function signIn(page: Page, url: string, username: string): Promise<void> {
  await page.goto(url);
  await pickAccount(page, username);
  await page.waitForURL(url);
}

/** Names of this browser's cookies that are sent to `url`. */
export async function cookieNames(context: BrowserContext, url: string): Promise<readonly string[]> {
  return (await context.cookies(url)).map(({ name }) => name);
}

/** The form that Chromium's switch takes: base64 of the SHA-256 of the certificate's SubjectPublicKeyInfo. */
async function publicKeyHash(trusted: Trusted): Promise<string> {
  const certificate = new X509Certificate('certPem' in trusted ? trusted.certPem : await peerCertificate(trusted));
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

function peerCertificate({ host, port }: TrustedServer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.end();
    });
    socket.once('error', reject);
  });
}
