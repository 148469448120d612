import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import type { ForwarderSettings } from './settings.ts';

/** A proxy that checks nothing: what `node:http` and undici cost alone. */
const { upstreamPort } = JSON.parse(process.argv[2] ?? '') as ForwarderSettings;
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { pipelining: 1, headersTimeout: 60_000, bodyTimeout: 0 });

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const { rawHeaders } = controller;
    const headers = Array.isArray(rawHeaders) ? rawHeaders.map((part) => part.toString('latin1')) : [];
    const connection = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'connection');
    if (connection >= 0) headers.splice(connection, 2);
    this.#response.writeHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response.write(chunk);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

const server = createServer((request, response) => {
  const { method = 'GET', url = '/', rawHeaders } = request;
  const headers = [...rawHeaders];
  pool.dispatch({ method, path: url, headers, body: null }, new Relay(response));
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
