import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { endAfterAnswer } from './client-error.ts';
import { Exchange } from './exchange.ts';
import { finishExchange } from './finish-exchange.ts';
import { joinSmallPieces } from './join-small-pieces.ts';
import { runPipeline } from './pipeline.ts';
import type { Plane } from './plane.ts';
import { type ConnectionFacts, describeConnection } from './reading/connection-facts.ts';
import { readRequest } from './reading/read-request.ts';
import { seeClientLeave } from './see-client-leave.ts';
import { Turns } from './turns.ts';

/** What is kept of a client's connection from one request to the next. */
interface ClientConnection {
  readonly facts: ConnectionFacts;
  readonly turns: Turns;
}

const connections = new WeakMap<Socket, ClientConnection>();

/** Serves a request of Node's server when its turn on the connection has come. */
export function serveRequest(plane: Plane, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { headers, socket } = incoming;
  const { facts, turns } = connectionOf(plane, socket);
  if ('content-length' in headers || 'transfer-encoding' in headers) joinSmallPieces(incoming);
  const serve = () => {
    if (plane.ending.has(socket) || socket.destroyed) return;
    const exchange = new Exchange(plane, incoming, outgoing, facts, null);
    plane.inFlight.add(exchange);
    outgoing.on('error', ignore); // a write that lost the race with the client's close; 'close' follows
    outgoing.on('close', () => {
      finishExchange(exchange);
      turns.pass();
    });
    runPipeline(exchange);
  };
  const mayWait = turns.take(serve, turns.isTaken ? bytesOf(incoming) : 0);
  if (!mayWait) socket.destroy();
}

/** Most bytes of a body that Node reads ahead. */
const MOST_UNREAD_BYTES = 65_536;
/** Of a string, beside its characters. */
const STRING_BYTES = 24;

/** What a request takes while it waits for its turn: its head, and as much of its body as is read before somebody asks for it. */
function bytesOf({ headers, rawHeaders, url = '' }: IncomingMessage): number {
  const head = rawHeaders.reduce((sum, { length }) => sum + length + STRING_BYTES, url.length);
  const declared = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity;
  return head + Math.min(declared, MOST_UNREAD_BYTES);
}

/**
 * Serves an upgrade or a CONNECT, for which Node hands over the bare connection: a response object of our own lets the same
 * pipeline answer on it.
 */
export function serveUpgrade(plane: Plane, incoming: IncomingMessage, head: Buffer): void {
  const { socket } = incoming;
  socket.on('error', ignore); // Node has taken its own listener away, and nobody's error would end the process
  const { facts, turns } = connectionOf(plane, socket);
  if (turns.isTaken || plane.ending.has(socket)) {
    refuseBehindAnswer(plane, socket);
    return;
  }
  const outgoing = new ServerResponse(incoming);
  const exchange = new Exchange(plane, incoming, outgoing, facts, { socket, head });
  plane.inFlight.add(exchange);
  outgoing.on('error', ignore);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  socket.on('drain', () => outgoing.emit('drain'));
  outgoing.on('finish', () => {
    outgoing.detachSocket(socket);
    socket.destroySoon();
    finishExchange(exchange);
  });
  outgoing.on('close', () => finishExchange(exchange));
  runPipeline(exchange);
}

/** Whether a request is to be served by {@link serveUpgrade}: only what is read as a WebSocket handshake. */
export function isUpgrade(plane: Plane, incoming: IncomingMessage): boolean {
  if (plane.state === null) return false;
  const { method = '', url: target = '', httpVersionMajor, httpVersionMinor, rawHeaders } = incoming;
  const raw = { method, target, httpVersionMajor, httpVersionMinor, rawHeaders };
  const result = readRequest(raw, connectionOf(plane, incoming.socket).facts, plane.state.authHost);
  return result.kind === 'canonical' && result.request.upgrade !== null;
}

/** RFC 6455 §4.1: nothing may follow a handshake before its answer. One that itself was sent ahead is not served. */
function refuseBehindAnswer(plane: Plane, socket: Socket): void {
  plane.ending.add(socket);
  endAfterAnswer(plane, socket);
  seeClientLeave(socket);
}

function connectionOf(plane: Plane, socket: Socket): ClientConnection {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const connection = { facts: describeConnection(socket, plane.options.trustedProxies), turns: new Turns() };
  connections.set(socket, connection);
  return connection;
}

function ignore(): void {}
