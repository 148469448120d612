import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'mocha';
import { createDeniedAddresses } from '../../../src/proxy/upstream/denied-addresses.ts';

describe('Addresses that no app may have', () => {
  const denied = createDeniedAddresses(['10.9.0.0/16', 'fd12::/16']);

  for (const [what, addresses] of [
    ['loopback', ['127.0.0.1', '127.255.0.3', '::1']],
    ['unspecified', ['0.0.0.0', '::']],
    ['link-local, the metadata service among it', ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0']],
    [
      'metadata services elsewhere',
      [...['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'], 'fd00:c1::a9fe:a9fe'],
    ],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1', '::ffff:10.1.1.1', '::127.0.0.1', '::ffff:7f00:1']],
    ['IPv4 behind a translation prefix', ['64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:7f00:1::1']],
    ['multicast and broadcast', ['224.0.0.1', '255.255.255.255', 'ff02::1']],
    ["the operator's ranges", ['10.9.3.4', 'fd12:3::1']],
    ['names and nonsense', ['localhost', 'metadata.google.internal', '', '127.1', '0x7f.0.0.1', '2130706433']],
  ] as const) {
    it(`are ${what}`, () => {
      for (const address of addresses) assert.equal(denied.has(address), true, address);
    });
  }

  it('are our own on every interface', () => {
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    assert.ok(own.length > 0);
    for (const { address } of own) assert.equal(denied.has(address), true, address);
  });

  it('are those of the replicas of this release, as they are now', () => {
    const own = createDeniedAddresses([]);
    own.takeReplicas(['10.244.0.7', '2001:db8::7', 'pod.example']);
    for (const address of ['10.244.0.7', '2001:db8::7', '2001:DB8:0::7']) assert.equal(own.has(address), true, address);
    own.takeReplicas(['10.244.0.8']);
    assert.deepEqual([own.has('10.244.0.7'), own.has('10.244.0.8')], [false, true]);
  });

  it('are no others', () => {
    for (const address of ['10.8.0.1', '192.0.2.1', '172.16.0.1', '100.64.0.1', '2001:db8::1', 'fd13::1']) {
      assert.equal(denied.has(address), false, address);
    }
  });

  it('are not changed in silence by a range that can not be read', () => {
    for (const range of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/8/8', 'x/8', '10.0.0.0/', '10.0.0.0/-1']) {
      assert.throws(() => createDeniedAddresses([range]), { code: 'denied-range-invalid' }, range);
    }
  });
});
