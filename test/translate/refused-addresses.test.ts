import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addressCheck } from '../../src/translate/refused-addresses.ts';

describe('addresses of endpoints', () => {
  const isAllowed = addressCheck(
    ['198.51.100.0/24', '2001:db8:bad::/48', '203.0.113.7'],
    ['192.0.2.77', '2001:db8::77', 'no address'],
  );

  for (const address of [
    '192.0.2.1',
    '10.0.0.1',
    '203.0.113.8',
    '2001:db8::1',
    'fd00::1',
    '2001:1::1',
    '2003::1',
    '198.51.101.1',
  ]) {
    it(`may be ${address}`, () => assert.ok(isAllowed(address)));
  }

  const refused = [
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '169.254.169.254',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:192.0.2.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '::7f00:1',
    '::ffff:0:7f00:1',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    'fec0::1',
    'FE80::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'fd00:ec2::254',
    '198.51.100.9',
    '2001:db8:bad::9',
    '203.0.113.7',
    '192.0.2.77',
    '2001:db8::77',
    'localhost',
    '127.1',
    '',
  ];
  for (const address of refused) {
    it(`are never ${JSON.stringify(address)}`, () => assert.ok(!isAllowed(address)));
  }
});
