import assert from 'node:assert/strict';
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { openConnection } from '../../../src/proxy/upstream/connector.ts';
import { createDeniedAddresses, type DeniedAddresses } from '../../../src/proxy/upstream/denied-addresses.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { PATIENCE_MS } from '../../support/until.ts';

const backend = { namespace: 'apps', service: 'wiki', port: 'http' };
const onread: OnReadOpts = { buffer: Buffer.alloc(16), callback: () => true };

/** As the real list, but that loopback is allowed: the only place where a test can listen. */
const loopbackAllowed: DeniedAddresses = { has: (address) => isIP(address) === 0, takeReplicas: () => {} };

describe('A connection to the name of an ExternalName Service', () => {
  let upstream: RecordingUpstream;
  before(async () => {
    upstream = await startRecordingUpstream();
  });
  after(() => upstream.close());

  const open = (address: string, denied: DeniedAddresses): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const options = { dial: (host: string, port: number) => ({ host, port, isMapped: false }), denied };
      openConnection(
        { ...options, connectTimeoutMs: PATIENCE_MS },
        backend,
        { address, port: upstream.port },
        onread,
        (error, socket) => (error === null ? resolve(socket) : reject(error)),
      );
    });

  it('goes to an address that the name has at that moment: the name itself is no address, and was always refused', async () => {
    const socket = await open('localhost', loopbackAllowed);
    assert.equal(socket.remotePort, upstream.port);
    socket.destroy();
  });

  it('[ISOLATED] is refused where the name leads to an address that no app may have', async () => {
    const { length } = upstream.connections;
    for (const name of ['localhost', '127.1', '0x7f.1', '2130706433']) {
      await assert.rejects(open(name, createDeniedAddresses([])), { code: 'endpoint-refused' }, name);
    }
    assert.equal(upstream.connections.length, length);
  });

  it('fails where there is no such name', async () => {
    await assert.rejects(open('nobody.invalid', loopbackAllowed), { code: /^(ENOTFOUND|EAI_AGAIN)$/ });
  });
});
