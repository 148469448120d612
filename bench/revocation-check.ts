import { request } from 'node:http';
import type { Candidate, EntragateCandidate } from './candidates.ts';
import { benchHost, benchPath } from './settings.ts';

/**
 * Revokes one session while the server is under load: let through before, refused after, by the same process.
 *
 * @throws Error when it is not so
 */
export async function checkRevocation({ port }: Candidate, { server }: EntragateCandidate): Promise<void> {
  const cookie = await server.ask<string>({ type: 'new-session' });
  const before = await statusOf(port, cookie);
  await server.ask<string>({ type: 'revoke' });
  const after = await statusOf(port, cookie);
  if (before !== 200 || after !== 401) {
    throw new Error(`A session revoked under load was answered ${before} before and ${after} after, not 200 and 401`);
  }
}

function statusOf(port: number, cookie: string): Promise<number> {
  const headers = { Host: benchHost, Cookie: cookie, 'X-Forwarded-Proto': 'https', Accept: 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: benchPath, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end();
  });
}
