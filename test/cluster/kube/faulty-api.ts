import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import { pipeline } from 'node:stream';
import { createTestAuthority } from '../../support/test-authority.ts';
import type { ApiServer } from './api-server.ts';

/** What happens to a request instead of being passed on. */
export type ApiFault =
  /** A metav1.Status with this code; `retryAfter` in seconds, null: no such field. */
  | { readonly kind: 'refusal'; readonly status: number; readonly retryAfter: number | null }
  /** The connection is cut without an answer. */
  | { readonly kind: 'cut' };

export interface ApiFaultRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** An HTTPS proxy with a certificate authority of its own in front of an API server. */
export interface FaultyApi {
  readonly port: number;
  readonly caPem: string;
  /** From now on asked about every request; null: it is passed on. */
  readonly setFault: (decide: (request: ApiFaultRequest) => ApiFault | null) => void;
  /** Requests that were not passed on so far. */
  readonly faults: () => number;
  readonly close: () => Promise<void>;
}

export const noFault = (): null => null;

/** Starts one that passes everything on. */
export async function startFaultyApi(server: Pick<ApiServer, 'port' | 'caPem'>): Promise<FaultyApi> {
  const authority = await createTestAuthority();
  const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
  const agent = new Agent({ ca: server.caPem, keepAlive: true });
  let decide: (request: ApiFaultRequest) => ApiFault | null = noFault;
  let faults = 0;
  const proxy = createServer({ cert: certPem, key: keyPem }, (incoming, outgoing) => {
    const { method = '', url: path = '' } = incoming;
    const fault = decide({ method, path });
    if (fault === null) {
      pass(incoming, outgoing, server.port, agent);
      return;
    }
    faults += 1;
    if (fault.kind === 'cut') incoming.socket.destroy();
    else refuse(outgoing, fault.status, fault.retryAfter);
  });
  proxy.on('tlsClientError', () => {}); // cut by whoever is in front
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    port: address.port,
    caPem: authority.caPem,
    setFault: (next) => {
      decide = next;
    },
    faults: () => faults,
    close: async () => {
      agent.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number, agent: Agent): void {
  const { method, url: path, headers } = incoming;
  const sent = request({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    pipeline(answer, outgoing, () => {});
  });
  // An API server that is away has no answer, and neither has this.
  sent.once('error', () => outgoing.destroy());
  outgoing.once('close', () => sent.destroy());
  pipeline(incoming, sent, () => {});
}

function refuse(outgoing: ServerResponse, status: number, retryAfter: number | null): void {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, message: 'refused by a test' };
  outgoing.writeHead(status, {
    'Content-Type': 'application/json',
    ...(retryAfter === null ? {} : { 'Retry-After': String(retryAfter) }),
  });
  outgoing.end(JSON.stringify(body));
}
