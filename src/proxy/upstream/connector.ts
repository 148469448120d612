import { type LookupAddress, lookup as resolve } from 'node:dns';
import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
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
 * Opens a connection to an endpoint. A name, as Services of type ExternalName have it, is resolved now, and what is connected to is what was
 * checked. Fails with an EntragateError `endpoint-refused` or `connect-timeout`, or with the system's error.
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
  const refusal = () =>
    new EntragateError(
      'endpoint-refused',
      `Service ${backend.namespace}/${backend.service} has the endpoint ${endpoint.address}, where no app may be`,
    );
  if (!target.isMapped && isIP(target.host) !== 0 && options.denied.has(target.host)) {
    process.nextTick(callback, refusal(), null);
    return null;
  }
  const lookup = allowedLookup(options.denied, refusal);
  const socket = connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true, onread, lookup });
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

/** Resolves a name to those of its addresses where an app may be; fails where there is none. */
function allowedLookup(denied: DeniedAddresses, refusal: () => Error): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found.filter(({ address }) => !denied.has(address)) : [];
      const [first] = addresses;
      if (first === undefined) callback(error ?? refusal(), [] satisfies LookupAddress[]);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
