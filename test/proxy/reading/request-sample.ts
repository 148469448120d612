import assert from 'node:assert/strict';
import type { CanonicalRequest } from '../../../src/proxy/reading/canonical-request.ts';
import type { ConnectionFacts } from '../../../src/proxy/reading/connection-facts.ts';
import { readRequest } from '../../../src/proxy/reading/read-request.ts';
import type { RefusalCode } from '../../../src/proxy/reading/refusal.ts';
import { noTrustedProxies, parseTrustedProxies } from '../../../src/proxy/reading/trusted-proxies.ts';

export const AUTH_HOST = 'auth.example.com';

/** A client on TLS that named `app.example.com`. */
export const direct: ConnectionFacts = {
  encrypted: true,
  sni: 'app.example.com',
  peerAddress: '203.0.113.9',
  peerIsTrusted: false,
  trustedProxies: noTrustedProxies,
};

/** A load balancer on the plain listener, inside `trustedProxies`. */
export function behindProxy(ranges: readonly string[] = ['10.0.0.0/8', '2001:db8:ffff::/48']): ConnectionFacts {
  const parsed = parseTrustedProxies(ranges);
  assert(parsed.ok);
  return { encrypted: false, sni: null, peerAddress: '10.0.0.7', peerIsTrusted: true, trustedProxies: parsed.proxies };
}

export interface Sample {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '0.9' | '1.0' | '1.1' | '2.0';
  /** `Host: app.example.com` is put first, unless `bare`. */
  readonly headers?: readonly string[];
  readonly bare?: boolean;
  readonly connection?: ConnectionFacts;
}

/** Reads a request that is plain but for what the test says. */
export function read(sample: Sample) {
  const [major, minor] = (sample.version ?? '1.1').split('.').map(Number);
  const host = sample.bare === true ? [] : ['Host', 'app.example.com'];
  return readRequest(
    {
      method: sample.method ?? 'GET',
      target: sample.target ?? '/',
      httpVersionMajor: major ?? 1,
      httpVersionMinor: minor ?? 1,
      rawHeaders: [...host, ...(sample.headers ?? [])],
    },
    sample.connection ?? direct,
    AUTH_HOST,
  );
}

export function accepted(sample: Sample): CanonicalRequest {
  const result = read(sample);
  return result.kind === 'canonical' ? result.request : assert.fail(`refused: ${result.code}`);
}

export function assertRefused(sample: Sample, status: number, code: RefusalCode): void {
  const result = read(sample);
  if (result.kind === 'canonical') assert.fail(`accepted: ${JSON.stringify(sample)}`);
  assert.deepEqual([result.status, result.code], [status, code]);
}
