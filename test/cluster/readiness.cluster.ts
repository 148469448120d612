import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { after, afterEach, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { type FaultyApi, noFault, startFaultyApi } from './kube/faulty-api.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type ServeWorld, startServeWorld } from './release/serve-world.ts';
import { fingerprintOf, presentedCertificate } from './traffic/handshake.ts';

const host = 'ledger.example.com';

describe('readiness of a replica', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let faulty: FaultyApi;
  before(async () => {
    world = await startServeWorld(server());
    faulty = await startFaultyApi(server());
  });
  afterEach(() => faulty.setFault(noFault));
  after(async () => {
    await world?.close();
    await faulty?.close();
  });

  it('waits for the Secrets that objects name, so that no host shows the default certificate at first', async () => {
    faulty.setFault(({ path }) =>
      path.endsWith('/secrets/ledger-tls') ? { kind: 'refusal', status: 503, retryAfter: null } : null,
    );
    const path = await server().writeKubeconfig('faulty', world.token, faulty.port, faulty.caPem);
    const replica = await world.start([], { options: { access: { kind: 'kubeconfig', path } } });
    const refusals = () => replica.metric('entragate_kube_failures_total', 'kind="Secret"');
    await until(async () => (await refusals()) > 0);
    const { status, text } = await replica.admin('/readyz');
    assert.deepEqual([status, text.trim()], [503, 'waiting for the first snapshot']);
    faulty.setFault(noFault);
    await until(replica.isReady);
    assert.equal(await presentedCertificate(replica.httpsPort, host), fingerprintOf(world.certificate.certPem));
    await replica.close(100);
  });

  it('ends when it is asked to end, while connections that are open go on', async () => {
    const replica = await world.start();
    await until(replica.isReady);
    const idle = connect({ host: '127.0.0.1', port: replica.httpsPort, servername: host, rejectUnauthorized: false });
    idle.on('error', () => {}).resume();
    await once(idle, 'secureConnect');
    const closed = replica.close(20_000); // it closes idle connections after a fifth of this
    await until(async () => (await replica.admin('/readyz')).status === 503);
    const { text } = await replica.admin('/readyz');
    assert.equal(text.trim(), 'waiting for the end of requests under way: this replica ends');
    assert.equal((await replica.admin('/healthz')).status, 200);
    assert.equal(idle.closed, false);
    await closed;
    await assert.rejects(replica.admin('/readyz'));
  });
});
