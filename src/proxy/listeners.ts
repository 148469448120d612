import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { type Certificates, createCertificates, type KeyPairPem } from './certificates.ts';
import { answerBrokenRequest } from './client-error.ts';
import { type ConnectionCaps, createConnectionCaps } from './connection-caps.ts';
import type { DataPlaneLimits, ListenAddress } from './data-plane-options.ts';
import type { Plane } from './plane.ts';
import { MOST_PARSED_FIELDS } from './reading/read-request.ts';
import { isUpgrade, serveRequest, serveUpgrade } from './serve-request.ts';

/** The two sockets that clients connect to. */
export interface Listeners {
  listen(): Promise<{ readonly httpsPort: number; readonly httpPort: number }>;
  /** Takes the certificates of a new snapshot. */
  applyCertificates(): void;
  /** Accepts no more connections, and closes those without a request after `idleMs` milliseconds. Resolves when all are closed. */
  stopAccepting(idleMs: number): Promise<void>;
  cutConnections(): void;
  readonly connections: number;
}

/** Above what we accept, so that we answer 431 and not the parser. */
const PARSER_HEADER_BYTES = 65_536;
/** How often Node looks for connections past `headersTimeout`. */
const TIMEOUT_CHECK_MS = 1_000;

/** Creates both listeners; nothing is bound before {@link Listeners.listen}. */
export function createListeners(plane: Plane): Listeners {
  const { limits, log } = plane.options;
  const certificates = createCertificates(() => plane.state, log);
  const caps = createConnectionCaps(plane.options);
  const shared = serverOptions(plane);
  const http = createHttpServer(shared);
  const https = createHttpsServer({ ...shared, ...tlsOptions(certificates, limits) });
  attach(plane, http, 'http', caps);
  attach(plane, https, 'https', caps);
  https.on('tlsClientError', (error, socket) => {
    plane.options.metrics.tlsFailed();
    log.debug({ code: 'tls-handshake-failed', detail: error.message }, 'A TLS handshake did not complete');
    socket.destroy();
  });
  let defaultCert = '';
  return {
    listen: async () => {
      const httpsPort = await bind(https, plane.options.https, 'https');
      try {
        return { httpsPort, httpPort: await bind(http, plane.options.http, 'http') };
      } catch (error) {
        await closeServer(https);
        throw error;
      }
    },
    applyCertificates: () => {
      const pair = certificates.defaultKeyPair();
      const cert = pair?.cert ?? '';
      if (cert === defaultCert) return;
      defaultCert = cert;
      setDefaultCertificate(https, pair, plane);
    },
    stopAccepting: async (idleMs) => {
      const closed = Promise.all([stopListening(http), stopListening(https)]);
      for (const server of [http, https]) server.keepAliveTimeout = idleMs; // of those that are without a request from now on
      const closing = setTimeout(() => {
        http.closeIdleConnections();
        https.closeIdleConnections();
      }, idleMs);
      await closed;
      clearTimeout(closing);
    },
    cutConnections: () => {
      for (const server of [http, https]) {
        server.closeAllConnections();
        server.close(); // ends Node's look at the times of connections, too
      }
      caps.cutAll(); // those within a handshake: the servers above do not know them yet
    },
    get connections() {
      return caps.count;
    },
  };
}

function serverOptions(plane: Plane) {
  const { limits } = plane.options;
  return {
    maxHeaderSize: PARSER_HEADER_BYTES,
    requireHostHeader: false, // we answer, and log it
    insecureHTTPParser: false,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: 0, // bodies may stream for as long as they move; see RequestBody
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    noDelay: true,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: (incoming: IncomingMessage) => isUpgrade(plane, incoming),
  };
}

function tlsOptions(certificates: Certificates, limits: DataPlaneLimits) {
  return {
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.tlsHandshakeMs,
    SNICallback: (
      serverName: string,
      callback: (error: Error | null, context?: ReturnType<Certificates['contextFor']> & object) => void,
    ) => callback(null, certificates.contextFor(serverName) ?? undefined),
  } as const;
}

function attach(plane: Plane, server: Server | HttpsServer, name: 'http' | 'https', caps: ConnectionCaps): void {
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => serveRequest(plane, incoming, outgoing);
  server.maxHeadersCount = MOST_PARSED_FIELDS;
  server.on('connection', (socket: Socket) => caps.admit(socket, name));
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  const onUpgrade = (incoming: IncomingMessage, _socket: unknown, head: Buffer) => serveUpgrade(plane, incoming, head);
  server.on('upgrade', onUpgrade);
  server.on('connect', onUpgrade);
  server.on('error', (error) => {
    if (!server.listening) return; // the caller of `bind` is told
    // accept(2) passes on errors of the network: without a listener one of them would end the process
    plane.options.log.warn({ code: 'accept-failed', detail: error.message, listener: name }, 'A connection was lost');
  });
  server.on('clientError', (error: Error, socket: Socket) => answerBrokenRequest(plane, error, socket));
}

/** @param pair null: none, so that a handshake which needs it fails, and shows no certificate that was taken away */
function setDefaultCertificate(server: HttpsServer, pair: KeyPairPem | null, plane: Plane): void {
  try {
    server.setSecureContext({ ...pair, minVersion: 'TLSv1.2' });
  } catch {
    // OpenSSL's message may quote the PEM: it is left out.
    plane.options.log.error({ code: 'certificate-unusable' }, 'The default certificate and its key can not be used');
  }
}

async function bind(server: Server | HttpsServer, address: ListenAddress, name: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: Error) => {
      const where = `${address.host}:${address.port}`;
      reject(
        new EntragateError('listen-failed', `The ${name} listener can not bind ${where}: ${cause.message}`, { cause }),
      );
    };
    server.once('error', onError);
    server.listen(address.port, address.host, () => {
      server.off('error', onError);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server | HttpsServer): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Not the `close` of an HTTP server, which closes connections without a request at once: one may be under way on them to us. */
async function stopListening(server: Server | HttpsServer): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}
