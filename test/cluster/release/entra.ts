import { randomBytes } from 'node:crypto';
import { contoso } from '../../../src/emulator/directory/contoso.ts';
import type { EmulatorApp } from '../../../src/emulator/directory/tenant.ts';
import { startEmulator } from '../../../src/emulator/start-emulator.ts';
import { freePort } from '../../support/free-ports.ts';
import { createTestAuthority, type TestAuthority } from '../../support/test-authority.ts';

/** The sample tenant, over HTTPS, and who vouches for every server of a suite. */
export interface Entra {
  readonly origin: string;
  readonly authority: TestAuthority;
  /** Certificate of the emulator. */
  readonly certPem: string;
  /** Of every app registration. */
  readonly clientSecret: string;
  readonly close: () => Promise<void>;
}

export interface EntraOptions {
  /** As browsers know the emulator; it listens on 127.0.0.1. */
  readonly publicHost?: string;
  /** App registrations beside the one of the sample tenant. */
  readonly furtherApps?: (clientSecret: string) => readonly EmulatorApp[];
}

/** @param redirectUris of the app registration of the sample tenant */
export async function startEntra(redirectUris: readonly string[], options: EntraOptions = {}): Promise<Entra> {
  const { publicHost = 'localhost', furtherApps = () => [] } = options;
  const authority = await createTestAuthority();
  const clientSecret = randomBytes(24).toString('base64url');
  const tenant = contoso({ redirectUris, clientSecret });
  const tls = await authority.issue([publicHost]);
  const emulator = await startEmulator({
    tenants: [{ ...tenant, apps: [...tenant.apps, ...furtherApps(clientSecret)] }],
    port: await freePort(), // which the node suite takes on another address, too
    publicHost,
    tls,
    now: Date.now,
  });
  return { origin: emulator.origin, authority, certPem: tls.certPem, clientSecret, close: () => emulator.close() };
}
