import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EntragateError } from './entragate-error.ts';
import { HOP_FIELD } from './hop-field.ts';
import type { Log } from './logger.ts';
import { metricsContentType } from './metrics.ts';

export type Readiness = { readonly isReady: true } | { readonly isReady: false; readonly waitingFor: string };

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly readiness: () => Readiness;
  /** Prometheus text of all processes. */
  readonly metrics: () => Promise<string>;
  readonly log: Log;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

const PLAIN = 'text/plain; charset=utf-8';

/**
 * Serves `/healthz`, `/readyz` and `/metrics`. This is the only place that does: no path of a routed host reaches them, not even of one whose
 * Service leads here.
 *
 * @throws EntragateError `listen-failed` when the address can not be bound
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((cause: unknown) => {
      options.log.error({ err: cause }, 'The admin listener could not answer');
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${options.host}:${options.port}`;
      reject(
        new EntragateError('listen-failed', `The admin listener can not bind ${where}: ${cause.message}`, { cause }),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(options: AdminServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers[HOP_FIELD.toLowerCase()] !== undefined) {
    send(response, 403, PLAIN, 'not for requests that were forwarded\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, PLAIN, 'method not allowed\n');
    return;
  }
  switch (request.url) {
    case '/healthz':
      send(response, 200, PLAIN, 'ok\n');
      return;
    case '/readyz': {
      const readiness = options.readiness();
      if (readiness.isReady) send(response, 200, PLAIN, 'ready\n');
      else send(response, 503, PLAIN, `waiting for ${readiness.waitingFor}\n`);
      return;
    }
    case '/metrics':
      send(response, 200, metricsContentType, await options.metrics());
      return;
    default:
      send(response, 404, PLAIN, 'not found\n');
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
  response.end(body);
}
