import { connect, type Socket } from 'node:net';
import type { Backend, Endpoint } from '../../snapshot/snapshot.ts';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import type { DeniedAddresses } from './denied-addresses.ts';

/**
 * Where an endpoint of a backend really answers; null: at its own address. What it names is not checked against denied
 * addresses, since it comes from the operator's command line (`entragate dev --map`), never from an object.
 */
export type Dial = (backend: Backend, endpoint: Endpoint) => Endpoint | null;

/** No mapping: every endpoint answers at its own address. */
export const dialDirectly: Dial = () => null;

export interface ConnectorOptions {
  readonly dial: Dial;
  readonly denied: DeniedAddresses;
  readonly connectTimeoutMs: number;
}

export type ConnectCallback = (...result: [null, Socket] | [Error, null]) => void;

/**
 * Opens a connection to an endpoint. Fails with an EntragateError `endpoint-refused` or `connect-timeout`, or with the
 * system's error.
 */
export function openConnection(
  options: ConnectorOptions,
  backend: Backend,
  endpoint: Endpoint,
  callback: ConnectCallback,
): void {
  const mapped = options.dial(backend, endpoint);
  if (mapped === null && options.denied.has(endpoint.address)) {
    const refusal = new EntragateError(
      'endpoint-refused',
      `Service ${backend.namespace}/${backend.service} has the endpoint ${endpoint.address}, where no app may be`,
    );
    process.nextTick(callback, refusal, null);
    return;
  }
  const target = mapped ?? endpoint;
  const socket = connect({ host: target.address, port: target.port, noDelay: true, keepAlive: true });
  const timer = setTimeout(() => {
    const detail = `${target.address}:${target.port} did not accept within ${options.connectTimeoutMs} ms`;
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
}
