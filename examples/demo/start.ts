import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningDev, startDev } from '../../src/cli/dev.ts';
import { freePort, readDevOptions } from '../../src/cli/dev-options.ts';
import { createLocalAuthority } from '../../src/cli/local-authority.ts';
import { describeOptions, type Option, type OptionValues, readOptions, UsageError } from '../../src/cli/options.ts';
import { untilSignal } from '../../src/cli/until-signal.ts';
import { CONTOSO, contoso } from '../../src/emulator/directory/contoso.ts';
import { type Emulator, startEmulator } from '../../src/emulator/start-emulator.ts';
import { EntragateError } from '../../src/telemetry/entragate-error.ts';
import { type EchoApp, startEchoApp } from '../echo/echo-app.ts';
import { demoTable } from './table.ts';

/** `npm run demo`: the Entra emulator with a sample tenant, three echo apps, and `entragate dev` in front of them, in one process. */
const options: readonly Option[] = [
  { name: 'https-port', value: 'PORT', fallback: '8443', help: 'where browsers come in' },
  { name: 'http-port', value: 'PORT', fallback: '8080', help: 'plain HTTP, redirected to https' },
  { name: 'admin-port', value: 'PORT', fallback: '9090', help: '/healthz, /readyz and /metrics' },
  { name: 'entra-port', value: 'PORT', fallback: '9443', help: 'the Entra emulator' },
  { name: 'state', value: 'FOLDER', fallback: '.entragate', help: 'keeps the local certificate authority' },
  { name: 'workers', value: 'N', fallback: '0', help: 'worker processes; 0 serves in this one' },
  { name: 'log', value: 'FORMAT', fallback: '', help: 'json or pretty (pretty on a terminal)' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const apps = ['ledger', 'wiki', 'status'] as const;
const manifests = new URL('./manifests', import.meta.url).pathname;
const authHost = 'auth.localhost';
const entraHost = 'login.localhost';

process.exitCode = await demo();

async function demo(): Promise<number> {
  try {
    const values = readOptions(options, process.argv.slice(2), process.env);
    if (values.isOn('help')) {
      process.stdout.write(
        describeOptions('npm run demo -- [OPTIONS]', 'Shows the whole path on this machine.', options),
      );
      return 0;
    }
    const closers: (() => Promise<void>)[] = [];
    try {
      await start(values, closers);
      await untilSignal();
      return 0;
    } finally {
      for (const close of closers.reverse()) await close();
    }
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    const isPort = error instanceof EntragateError && error.code.includes('listen');
    const hint = isPort ? ' Other ports: --https-port, --http-port, --admin-port, --entra-port.' : '';
    process.stderr.write(`demo: ${error.message}${hint}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function start(values: OptionValues, closers: (() => Promise<void>)[]): Promise<void> {
  const state = values.text('state');
  const httpsPort = values.number('https-port', 65_535) || (await freePort('127.0.0.1'));
  const emulator = await startEntra(values.number('entra-port', 65_535), state, httpsPort);
  closers.push(() => emulator.close());
  const echoes = await Promise.all(apps.map((name) => startEchoApp(name, 0)));
  closers.push(async () => void (await Promise.all(echoes.map((echo) => echo.close()))));
  const dev = await startEntragate(values, httpsPort, echoes);
  closers.push(() => dev.close(2_000));
  process.stdout.write(
    demoTable({ httpsPort: dev.httpsPort, adminPort: dev.adminPort, caPath: dev.caPath, entra: emulator.origin }),
  );
}

/** Starts the emulator and writes the objects that name it: its address and secret are new in every start. */
async function startEntra(port: number, state: string, httpsPort: number): Promise<Emulator> {
  const clientSecret = randomBytes(24).toString('base64url');
  const authority = await createLocalAuthority(join(state, 'authority'));
  const redirectUris = ['callback', 'signed-out'].map((page) => `https://${authHost}:${httpsPort}/oauth2/${page}`);
  const emulator = await startEmulator({
    tenants: [
      contoso({
        redirectUris,
        clientSecret,
        app: { optionalClaims: { idToken: ['auth_time', 'acct', 'acrs', 'sid', 'login_hint'], accessToken: [] } },
      }),
    ],
    port,
    publicHost: entraHost,
    tls: await authority.issue([entraHost]),
  });
  const folder = join(state, 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'identity-provider.yaml'), identityProvider(emulator.origin, clientSecret), {
    mode: 0o600,
  });
  return emulator;
}

function identityProvider(authority: string, clientSecret: string): string {
  return `# Written by npm run demo at each start.
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: {name: default}
spec:
  type: EntraID
  tenantId: ${CONTOSO.tid}
  clientId: ${CONTOSO.clientId}
  authority: ${authority}
  credential: {secretRef: {name: entra-client, key: client-secret}}
---
apiVersion: v1
kind: Secret
metadata: {name: entra-client, namespace: entragate}
stringData: {client-secret: ${clientSecret}}
`;
}

async function startEntragate(
  values: OptionValues,
  httpsPort: number,
  echoes: readonly EchoApp[],
): Promise<RunningDev> {
  const state = values.text('state');
  const passed = ['http-port', 'admin-port', 'workers', 'state', 'log'];
  const devOptions = await readDevOptions(
    [
      manifests,
      join(state, 'demo'),
      ...[
        '--https-port',
        String(httpsPort),
        '--auth-host',
        authHost,
        '--authority-ca',
        join(state, 'authority', 'ca.crt'),
      ],
      ...passed.flatMap((name) => (values.text(name) === '' ? [] : [`--${name}`, values.text(name)])),
      ...echoes.flatMap(({ port }, index) => ['--map', `apps/${apps[index]}:http=127.0.0.1:${port}`]),
    ],
    {},
  );
  if (devOptions === 'help') throw new UsageError('--help');
  return startDev(devOptions, (line) => process.stdout.write(`${line}\n`));
}
