import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One exchange of a server in this process, as it was on the wire, bodies whole. */
export interface TappedExchange {
  readonly path: string;
  readonly requestBody: string;
  readonly responseBody: string;
  /** The `Location` of the answer, or ''. */
  readonly location: string;
}

/** Listens in on every HTTP server of this process that has the local port. */
export interface HttpTap {
  /** Exchanges that have ended. */
  readonly exchanges: readonly TappedExchange[];
  close(): void;
}

const channel = 'http.server.request.start';

interface Started {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function tapHttp(port: number): HttpTap {
  const exchanges: TappedExchange[] = [];
  const onStart = (message: unknown): void => {
    if (!isStarted(message) || message.request.socket.localPort !== port) return;
    const { request, response } = message;
    const requestBody = recordCalls(request, 'push');
    const responseBody = [recordCalls(response, 'write'), recordCalls(response, 'end')];
    response.once('finish', () => {
      exchanges.push({
        path: request.url?.split('?', 1)[0] ?? '',
        requestBody: requestBody(),
        responseBody: responseBody.map((text) => text()).join(''),
        location: String(response.getHeader('location') ?? ''),
      });
    });
  };
  subscribe(channel, onStart);
  return { exchanges, close: () => void unsubscribe(channel, onStart) };
}

function isStarted(message: unknown): message is Started {
  return typeof message === 'object' && message !== null && 'request' in message && 'response' in message;
}

/** Keeps the first argument of every call of a method, which goes on as before; answers the text so far. */
function recordCalls(target: IncomingMessage | ServerResponse, method: string): () => string {
  const chunks: Buffer[] = [];
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new TypeError(`${method} is no method`);
  Reflect.set(target, method, (...args: readonly unknown[]) => {
    const [first] = args;
    if (typeof first === 'string' || first instanceof Uint8Array) chunks.push(Buffer.from(first));
    return Reflect.apply(original, target, args);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
