import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTOSO, contoso } from '../emulator/directory/contoso.ts';
import type { EmulatorApp, EmulatorTenant, EmulatorUser } from '../emulator/directory/tenant.ts';
import { parseTenantFile } from '../emulator/directory/tenant-file.ts';
import { type Emulator, startEmulator } from '../emulator/start-emulator.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createLocalAuthority } from './local-authority.ts';
import { describeOptions, type Option, type OptionValues, readOptions, UsageError } from './options.ts';
import { untilSignal } from './until-signal.ts';

const optionTable: readonly Option[] = [
  { name: 'port', value: 'PORT', fallback: '9443', help: 'where it listens, on 127.0.0.1 only; 0 takes a free port' },
  { name: 'host-name', value: 'NAME', fallback: 'login.localhost', help: 'host in its addresses' },
  {
    name: 'tenant',
    value: 'FILE',
    fallback: '',
    isRepeated: true,
    help: 'a tenant in YAML, in place of the sample; repeatable',
  },
  { name: 'client-id', value: 'GUID', fallback: CONTOSO.clientId, help: 'client id of the sample app' },
  {
    name: 'client-secret',
    value: 'TEXT',
    fallback: '',
    help: 'its secret (random); better by environment than by flag',
  },
  {
    name: 'redirect-uri',
    value: 'URI',
    fallback: 'https://auth.localhost:8443/oauth2/callback',
    isRepeated: true,
    help: 'its redirect URI; repeatable',
  },
  { name: 'cert', value: 'FILE', fallback: '', help: 'certificate for the host name, PEM (made by a local authority)' },
  { name: 'key', value: 'FILE', fallback: '', help: 'its key, PEM' },
  { name: 'state', value: 'FOLDER', fallback: '.entragate', help: 'keeps the local certificate authority' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const about = `Runs a local Entra ID with its Microsoft Graph for development and tests. Whoever reaches it may sign in as anybody: it
listens on loopback only, and its keys are new in every start.`;

/** `entragate emulator`. Runs until Ctrl-C; returns the exit code. */
export async function runEmulator(argv: readonly string[]): Promise<number> {
  try {
    const values = readOptions(optionTable, argv, process.env);
    if (values.isOn('help')) {
      process.stdout.write(describeOptions('entragate emulator [OPTIONS]', about, optionTable));
      return 0;
    }
    if (values.positionals.length > 0)
      throw new UsageError(`there is nothing to do with ${values.positionals.join(' ')}`);
    const tenants = (await readTenants(values)).map(withSecrets);
    const certificate = await readCertificate(values);
    const log = createLogger({
      level: 'info',
      format: process.stdout.isTTY ? 'pretty' : 'json',
      destination: null,
    });
    const emulator = await startEmulator({
      tenants,
      port: values.number('port', 65_535),
      publicHost: values.text('host-name'),
      tls: certificate,
      log: (line) => log.info(line, 'emulator'),
    });
    process.stdout.write(describeEmulator(emulator, tenants, certificate.caPath));
    await untilSignal();
    await emulator.close();
    await log.drain();
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    process.stderr.write(`entragate emulator: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function readTextFile(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `--${option}: ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

async function readTenants(values: OptionValues): Promise<readonly EmulatorTenant[]> {
  const files = values.list('tenant');
  if (files.length > 0) {
    return Promise.all(files.map(async (path) => parseTenantFile(await readTextFile('tenant', path), path)));
  }
  const clientSecret = values.text('client-secret');
  return [
    contoso({
      clientId: values.text('client-id'),
      redirectUris: values.list('redirect-uri'),
      clientSecret: clientSecret === '' ? randomSecret() : clientSecret,
    }),
  ];
}

const randomSecret = () => randomBytes(24).toString('base64url');

/** An app that names no credential gets a secret of its own. */
function withSecrets(tenant: EmulatorTenant): EmulatorTenant {
  const withSecret = (app: EmulatorApp): EmulatorApp =>
    app.isPublicClient || app.credentials.length > 0
      ? app
      : { ...app, credentials: [{ kind: 'secret', value: randomSecret(), expiresAt: null }] };
  return { ...tenant, apps: tenant.apps.map(withSecret) };
}

interface ServerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  /** What clients have to trust; null where the user brought a certificate. */
  readonly caPath: string | null;
}

async function readCertificate(values: OptionValues): Promise<ServerCertificate> {
  const [cert, key, hostName] = [values.text('cert'), values.text('key'), values.text('host-name')];
  if ((cert === '') !== (key === '')) throw new UsageError('--cert and --key belong together');
  if (cert !== '') {
    return { certPem: await readTextFile('cert', cert), keyPem: await readTextFile('key', key), caPath: null };
  }
  if (hostName !== 'localhost' && !hostName.endsWith('.localhost')) {
    throw new UsageError(
      `the local authority certifies names below localhost only: give --cert and --key for ${hostName}`,
    );
  }
  const authority = await createLocalAuthority(join(values.text('state'), 'authority'));
  const names = [...new Set([hostName, 'localhost'])];
  return { ...(await authority.issue(names)), caPath: authority.caPath };
}

function describeUser(user: EmulatorUser, tenant: EmulatorTenant): string {
  const names = tenant.groups.filter((group) => user.groupIds.includes(group.id)).map((group) => group.displayName);
  const shown = names.length <= 4 ? names : [...names.slice(0, 2), `${names.length - 2} more`];
  const kind = user.guest === null ? '' : 'guest, ';
  return `  ${user.username.padEnd(28)}${kind}${shown.join(', ') || 'no groups'}`;
}

function describeApp(app: EmulatorApp): readonly string[] {
  const secrets = app.credentials.flatMap((credential) => (credential.kind === 'secret' ? [credential.value] : []));
  return [
    `  client id      ${app.clientId}  (${app.displayName})`,
    ...secrets.map((secret) => `  client secret  ${secret}`),
    ...app.redirectUris.map((uri) => `  redirect URI   ${uri}`),
  ];
}

/** What a developer needs to point an app at it. */
function describeEmulator(emulator: Emulator, tenants: readonly EmulatorTenant[], caPath: string | null): string {
  const lines = tenants.flatMap((tenant) => [
    `Tenant ${tenant.displayName}  ${tenant.domain}  ${tenant.tid}`,
    `  authority      ${emulator.origin}/${tenant.tid}/v2.0`,
    ...tenant.apps.flatMap(describeApp),
    ...tenant.users.map((user) => describeUser(user, tenant)),
    '',
  ]);
  return [
    `Entra emulator at ${emulator.origin}`,
    `  Graph          ${emulator.graphUrl}`,
    `  switches       POST ${emulator.origin}/emulator/control`,
    ...(caPath === null ? [] : [`  trust          ${caPath}`]),
    '',
    ...lines,
    'Ctrl-C ends it.',
    '',
  ].join('\n');
}
