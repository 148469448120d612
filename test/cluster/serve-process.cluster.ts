import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { adminListener } from './release/admin-listener.ts';
import { type ServeWorld, startServeWorld } from './release/serve-world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('entragate serve as the pod runs it', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  before(async () => {
    world = await startServeWorld(server());
  });
  after(async () => world?.close());

  it('serves with two workers, is ready when both have the first snapshot, and ends with 0 after SIGTERM', async () => {
    const adminPort = await freePort();
    const argv = [main, 'serve', ...world.argv, '--workers', '2', '--admin-port', String(adminPort)];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
    const ended = once(child, 'exit');
    try {
      const { admin, isReady } = adminListener(adminPort);
      await until(async () => child.exitCode !== null || (await isReady()));
      assert.equal(child.exitCode, null, output.join(''));
      for (let round = 0; round < 8; round += 1) {
        const client = world.client();
        const answer = await client.request(world.url(), { headers: { accept: 'text/html' } });
        assert.equal(answer.status, 302);
        client.close();
      }
      const metrics = (await admin('/metrics')).text;
      assert.match(metrics, /^entragate_requests_total\{[^}]*\} \d/m, 'of the workers');
      assert.match(metrics, /^entragate_kube_watches\{kind="Policy"\} 1$/m, 'of the primary');
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null], output.join(''));
    } finally {
      child.kill('SIGKILL');
    }
  });
});
