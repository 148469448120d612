import { randomBytes } from 'node:crypto';
import { contoso } from '../../../src/emulator/contoso.ts';
import { startEmulator } from '../../../src/emulator/start-emulator.ts';
import { createTestAuthority, type TestAuthority } from '../../support/test-authority.ts';

/** The sample tenant, over HTTPS, and who vouches for every server of a suite. */
export interface Entra {
  readonly origin: string;
  readonly authority: TestAuthority;
  readonly clientSecret: string;
  readonly close: () => Promise<void>;
}

/** @param redirectUris of the app registration */
export async function startEntra(redirectUris: readonly string[]): Promise<Entra> {
  const authority = await createTestAuthority();
  const clientSecret = randomBytes(24).toString('base64url');
  const emulator = await startEmulator({
    tenants: [contoso({ redirectUris, clientSecret })],
    port: 0,
    publicHost: 'localhost',
    tls: await authority.issue(['localhost']),
    now: Date.now,
  });
  return { origin: emulator.origin, authority, clientSecret, close: () => emulator.close() };
}
