import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseTrustedProxies } from '../../../src/proxy/reading/trusted-proxies.ts';

describe('Trusted proxies of both families', () => {
  it('do not make IPv4 peers trusted by an IPv6 range that their mapped form is in', () => {
    for (const range of ['::/0', '::/8']) {
      const parsed = parseTrustedProxies([range]);
      assert.ok(parsed.ok);
      assert.equal(parsed.proxies.has('203.0.113.9'), false, range);
      assert.equal(parsed.proxies.has('::1'), true, range);
    }
  });

  it('do not make IPv6 peers trusted by an IPv4 range', () => {
    const parsed = parseTrustedProxies(['0.0.0.0/0']);
    assert.ok(parsed.ok);
    assert.equal(parsed.proxies.has('203.0.113.9'), true);
    assert.equal(parsed.proxies.has('2001:db8::1'), false);
  });
});
