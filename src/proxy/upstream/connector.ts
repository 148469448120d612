import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Backend, Endpoint } from '../../snapshot/snapshot.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import type { DeniedAddresses } from './denied-addresses.ts';

/** Where to connect for an endpoint. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /**
   * The target comes from the operator's command line (`entragate dev --map`), never from an object: the addresses that no
   * app may have do not apply to it.
   */
  readonly isMapped: boolean;
}

export type Dial = (address: string, port: number) => DialTarget;

export interface ConnectorOptions {
  readonly dial: Dial;
  readonly denied: DeniedAddresses;
  readonly connectTimeoutMs: number;
}

export type ConnectCallback = (...result: [null, Socket] | [Error, null]) => void;

/**
 * Opens a connection to an endpoint. Fails with an EntragateError `endpoint-refused` or `connect-timeout`, or with the
 * system's error.
 *
 * @param onread where what is read goes
 * @returns the socket that connects, to give up on; null: nothing connects
 */
export function openConnection(
  options: ConnectorOptions,
  backend: Backend,
  endpoint: Endpoint,
  onread: OnReadOpts,
  callback: ConnectCallback,
): Socket | null {
  const target = options.dial(endpoint.address, endpoint.port);
  if (!target.isMapped && options.denied.has(target.host)) {
    const refusal = new EntragateError(
      'endpoint-refused',
      `Service ${backend.namespace}/${backend.service} has the endpoint ${endpoint.address}, where no app may be`,
    );
    process.nextTick(callback, refusal, null);
    return null;
  }
  const socket = connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true, onread });
  const timer = setTimeout(() => {
    const detail = `${target.host}:${target.port} did not accept within ${options.connectTimeoutMs} ms`;
    socket.destroy(new EntragateError('connect-timeout', detail));
  }, options.connectTimeoutMs);
  const onError = (error: Error) => {
    clearTimeout(timer);
    callback(error, null);
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    clearTimeout(timer);
    socket.off('error', onError);
    callback(null, socket);
  });
  return socket;
}
