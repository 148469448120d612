import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority } from '../support/test-authority.ts';

/** What an API server says that no real one would: `answer` gets each request, told apart as list and watch. */
export type Script = (what: 'list' | 'watch', url: URL, response: ServerResponse, request: IncomingMessage) => void;

export interface ScriptedApiServer {
  /** Path of a kubeconfig that leads to it. */
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
}

/** Starts it, with TLS, on a free port of 127.0.0.1. */
export async function startScriptedApiServer(answer: Script): Promise<ScriptedApiServer> {
  const authority = await createTestAuthority();
  const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://api.test');
    answer(url.searchParams.has('watch') ? 'watch' : 'list', url, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'entragate-api-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'certificate-authority-data': Buffer.from(authority.caPem).toString('base64'),
  };
  const config = {
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token: 'token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
