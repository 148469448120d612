import { createHash } from 'node:crypto';
import http from 'node:http';

/** A running echo app. */
export interface EchoApp {
  readonly port: number;
  /** Requests received since the start. */
  received(): number;
  close(): Promise<void>;
}

/**
 * An app that answers with what reached it, as JSON: method, url, raw header pairs as received, body length and
 * SHA-256 (hex), and how many requests it has received since its start. It looks at nothing else: what protects it is in front of it.
 *
 * @param name shown in the answer, so that two apps can be told apart
 * @param port 0 for a free one; it listens on 127.0.0.1 only
 */
export async function startEchoApp(name: string, port: number): Promise<EchoApp> {
  let count = 0;
  const server = http.createServer((request, response) => {
    count += 1;
    const seen = { app: name, method: request.method, url: request.url, headers: pairs(request.rawHeaders), count };
    const digest = createHash('sha256');
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      digest.update(chunk);
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const body = `${JSON.stringify({ ...seen, body: { length, sha256: digest.digest('hex') } }, null, 2)}\n`;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`the echo app ${name} has no TCP port`);
  return { port: address.port, received: () => count, close: () => close(server) };
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? '']);
}

function close(server: http.Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
