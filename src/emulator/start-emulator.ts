import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createBreakage } from './breakage.ts';
import { createConsentRegister } from './directory/consent-register.ts';
import { createDirectory } from './directory/directory.ts';
import type { EmulatorTenant } from './directory/tenant.ts';
import type { EmulatorContext } from './emulator-context.ts';
import { createEmulatorControls, type EmulatorControls } from './emulator-controls.ts';
import { readRequest, UNREADABLE, writeResponse } from './http-exchange.ts';
import { answerRequest, CUT } from './routes.ts';
import { createPendingSignIns } from './sign-in/pending-sign-ins.ts';
import { createSsoSessions } from './sign-in/sso-sessions.ts';
import { createAuthorizationCodes } from './tokens/authorization-codes.ts';
import { createRefreshTokens } from './tokens/refresh-tokens.ts';
import { createSigningKeys } from './tokens/signing-keys.ts';

export interface EmulatorOptions {
  readonly tenants: readonly EmulatorTenant[];
  /** The emulator listens on loopback only: whoever reaches it may sign in as anybody. */
  readonly host?: '127.0.0.1';
  /** 0: a free port. */
  readonly port: number;
  /** Host in the origin, which the certificate must name (default `127.0.0.1`). */
  readonly publicHost?: string;
  readonly tls: { readonly certPem: string; readonly keyPem: string };
  /** The clock, ms since the epoch: tokens, codes and sessions follow it. */
  readonly now?: () => number;
  /** One object per event; never a secret, code or token. */
  readonly log?: (line: object) => void;
}

/** A request that the emulator received: no query, no body. */
interface RecordedRequest {
  readonly method: string;
  readonly path: string;
}

export interface Emulator extends EmulatorControls {
  /** `https://<publicHost>:<port>` */
  readonly origin: string;
  /** Base of Graph calls: `<origin>/graph/v1.0`. */
  readonly graphUrl: string;
  /** Requests received, oldest first (the last 10,000). */
  readonly requests: readonly RecordedRequest[];
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_RECORDED = 10_000;

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, HOST, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new EntragateError(
      'emulator-listen',
      `The emulator cannot listen on ${HOST}:${port}. Another program may use the port: choose another one.`,
      { cause },
    );
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function serve(
  context: EmulatorContext,
  controls: EmulatorControls,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = await readRequest(message);
  if (request === UNREADABLE) {
    writeResponse(response, { status: 400, headers: { connection: 'close' }, body: '' });
    return;
  }
  const answer = await answerRequest(context, controls, request);
  const { slowMs } = context.breakage.state;
  if (slowMs > 0) await delay(slowMs, undefined, { ref: false });
  if (answer === CUT) message.socket.destroy();
  else writeResponse(response, answer);
}

/**
 * Starts a local Entra ID with its Graph. Keys are random in every start.
 * @throws EntragateError `emulator-listen` when the port is taken
 * @example
 * const emulator = await startEmulator({ tenants: [contoso({ redirectUris, clientSecret })], port: 0, tls });
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const now = options.now ?? Date.now;
  const log = options.log ?? (() => {});
  const [keys, directory, breakage] = [
    await createSigningKeys(),
    createDirectory(options.tenants, now),
    createBreakage(),
  ];
  const controls = createEmulatorControls(directory, keys, breakage);
  const requests: RecordedRequest[] = [];
  const server = createServer({ cert: options.tls.certPem, key: options.tls.keyPem });
  const port = await listen(server, options.port);
  const origin = `https://${options.publicHost ?? HOST}:${port}`;
  const context: EmulatorContext = {
    ...{ origin, now, directory, keys, breakage, log },
    ssoSessions: createSsoSessions(now),
    pendingSignIns: createPendingSignIns(now),
    consents: createConsentRegister(),
    codes: createAuthorizationCodes(now),
    refreshTokens: createRefreshTokens(now),
  };
  server.on('request', (message, response) => {
    const recorded = { method: message.method ?? '', path: message.url?.split('?', 1)[0] ?? '' };
    requests.push(recorded);
    if (requests.length > MAX_RECORDED) requests.shift();
    serve(context, controls, message, response).catch((error: unknown) => {
      log({ event: 'failed', ...recorded, error: error instanceof Error ? error.message : 'unknown' });
      message.socket.destroy();
    });
  });
  return {
    ...controls,
    origin,
    graphUrl: `${origin}/graph/v1.0`,
    requests,
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}
