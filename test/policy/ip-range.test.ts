import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isInRange, parseIpAddress, parseIpRange } from '../../src/policy/ip-range.ts';

function isIn(address: string, range: string): boolean {
  const parsed = parseIpAddress(address);
  const reading = parseIpRange(range);
  assert.ok(parsed !== null && reading.ok, `${address} ${range}`);
  return isInRange(parsed, reading.value);
}

describe('IP ranges', () => {
  it('agree with node:net on what is in an IPv4 range', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, base, prefix) => {
        const list = new BlockList();
        list.addSubnet(base, prefix, 'ipv4');
        assert.equal(isIn(address, rangeOf(base, prefix)), list.check(address, 'ipv4'));
        assert.ok(isIn(base, rangeOf(base, prefix)));
      }),
    );
  });

  it('agree with node:net on what is in an IPv6 range', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, base, prefix) => {
        fc.pre(!isMapped(address) && !isMapped(base));
        const list = new BlockList();
        list.addSubnet(base, prefix, 'ipv6');
        assert.equal(isIn(address, rangeOf(base, prefix)), list.check(address, 'ipv6'));
      }),
    );
  });

  it('agree with node:net on what is an address', () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/));
    fc.assert(
      fc.property(text, (address) => assert.equal(parseIpAddress(address) !== null, isIP(address) !== 0, address)),
      { numRuns: 3000 },
    );
  });

  for (const text of [
    '',
    '10.0.0',
    '010.0.0.1',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0',
    '1::2::3',
    '::1/64',
    ':::',
    '1:2:3:4:5:6:7:8:9',
  ]) {
    it(`${JSON.stringify(text)} is no address`, () => assert.equal(parseIpAddress(text), null));
  }

  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.1/24',
    '::1/64',
    '::/129',
    '::ffff:0:0/96',
    '10.0.0.0/8/8',
  ]) {
    it(`${text} is no range`, () => assert.equal(parseIpRange(text).ok, false));
  }

  it('an IPv4-mapped address is the IPv4 address', () => {
    assert.ok(isIn('::ffff:10.1.2.3', '10.0.0.0/8'));
    assert.ok(isIn('::FFFF:0a01:203', '10.0.0.0/8'));
    assert.equal(isIn('::ffff:10.1.2.3', '::/0'), false);
  });

  it('have one spelling', () => {
    const texts = ['2001:DB8::/32', '2001:db8:0:0::/32', '2001:0db8::0/32'].map((text) => parseIpRange(text));
    assert.equal(new Set(texts.map((reading) => reading.ok && reading.value.text)).size, 1);
  });
});

function isMapped(address: string): boolean {
  return (parseIpAddress(address)?.words.length ?? 0) === 2;
}

/** The range of `prefix` bits around `base`, by way of the hint that names it. */
function rangeOf(base: string, prefix: number): string {
  const reading = parseIpRange(`${base}/${prefix}`);
  if (reading.ok) return reading.value.text;
  const written = /^Write (\S+)\.$/.exec(reading.hint)?.[1];
  assert.ok(written !== undefined, `${base}/${prefix}: ${reading.message}`);
  return written;
}
