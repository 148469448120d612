import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadOptions {
  readonly host: string;
  /** Where the host really is. */
  readonly address: string;
  readonly caPem: string;
  readonly cookie: string;
  /** Each sends one request after another on one connection, and opens another one only when that was closed. */
  readonly clients: number;
  /** Time between the requests of a client (ms): so long its connection is idle, as those of browsers are. */
  readonly pauseMs: number;
}

/** A request that got anything but the app's answer to it. */
export interface FailedRequest {
  readonly atMs: number;
  readonly what: string;
  /** Whether the connection had served a request before. */
  readonly wasReused: boolean;
}

export interface LoadReport {
  readonly sent: number;
  readonly connections: number;
  readonly failed: readonly FailedRequest[];
  /** Ascending (ms). */
  readonly latencies: readonly number[];
}

/** Signed-in users who keep their connections. */
export interface KeepAliveLoad {
  readonly sent: () => number;
  /** Lets every request end. */
  readonly stop: () => Promise<LoadReport>;
}

const TIMEOUT_MS = 60_000;

/** Nothing is ever sent twice: what a browser would silently try again counts as failed here. */
export function startLoad(options: LoadOptions): KeepAliveLoad {
  const startedAt = performance.now();
  const failed: FailedRequest[] = [];
  const latencies: number[] = [];
  const connections = new Set<object>();
  let sent = 0;
  let isStopping = false;
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: options.caPem, servername: options.host });
    while (!isStopping) {
      sent += 1;
      const path = `/load/${sent}`;
      const beganAt = performance.now();
      const { what, socket, wasReused } = await send(options, agent, path);
      if (socket !== null) connections.add(socket);
      if (what === null) latencies.push(performance.now() - beganAt);
      else failed.push({ atMs: Math.round(beganAt - startedAt), what, wasReused });
      await delay(options.pauseMs);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: options.clients }, client);
  return {
    sent: () => sent,
    stop: async () => {
      isStopping = true;
      await Promise.all(clients);
      return { sent, failed, connections: connections.size, latencies: latencies.sort((a, b) => a - b) };
    },
  };
}

interface Sent {
  /** What was wrong, if anything. */
  readonly what: string | null;
  readonly socket: object | null;
  readonly wasReused: boolean;
}

function send({ host, address, cookie }: LoadOptions, agent: Agent, path: string): Promise<Sent> {
  return new Promise((resolve) => {
    let socket: object | null = null;
    const end = (what: string | null) => resolve({ what, socket, wasReused: outgoing.reusedSocket });
    const outgoing = request(
      { host: address, port: 443, path, agent, headers: { host, cookie }, timeout: TIMEOUT_MS },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', (error) => end(`the answer broke off: ${error.message}`));
        incoming.once('end', () => {
          const body = Buffer.concat(chunks).toString('utf8');
          const isAnswer = incoming.statusCode === 200 && body.includes(`"url":${JSON.stringify(path)}`);
          end(isAnswer ? null : `${incoming.statusCode} ${body.slice(0, 200)}`);
        });
      },
    );
    outgoing.once('socket', (taken) => {
      socket = taken;
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    outgoing.once('error', (error) => end(error.message));
    outgoing.end();
  });
}
