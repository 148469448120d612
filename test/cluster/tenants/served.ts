import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';

/** An answer, and the certificate that came with it. */
export interface Served {
  readonly status: number;
  readonly body: string;
  /** Fingerprint (SHA-256); empty on plain HTTP. */
  readonly certificate: string;
  readonly location: string;
}

export interface Asked {
  readonly host: string;
  readonly path?: string;
  readonly cookie?: string;
  readonly port: number;
  readonly scheme: 'https' | 'http';
}

/** Asks once, on a connection of its own. Who vouches for the certificate does not matter: which one it is does. */
export function ask({ host, path = '/', cookie = '', port, scheme }: Asked): Promise<Served> {
  const headers = { host, accept: 'application/json', connection: 'close', ...(cookie === '' ? {} : { cookie }) };
  const common = { host: '127.0.0.1', port, path, headers, agent: false } as const;
  const tls = { ...common, servername: host, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const sent = scheme === 'http' ? requestPlain(common) : requestTls(tls);
    sent.once('response', (response) => {
      const { socket } = response;
      const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : '';
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body, certificate, location: response.headers.location ?? '' });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Does the same with each, a few at a time. */
export async function forEach<T, R>(items: readonly T[], most: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, lane));
  return results;
}
