import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EchoApp, startEchoApp } from '../../examples/echo/echo-app.ts';
import { type RunningDev, startDev } from '../../src/cli/dev.ts';
import { readDevOptions } from '../../src/cli/dev-options.ts';
import { CONTOSO, contoso } from '../../src/emulator/directory/contoso.ts';
import type { OptionalClaim } from '../../src/emulator/directory/tenant.ts';
import { type Emulator, startEmulator } from '../../src/emulator/start-emulator.ts';
import { freePort } from './free-ports.ts';
import { createTestAuthority, type TestAuthority } from './test-authority.ts';
import { WebClient } from './web-client.ts';

/** One routed app of a world: its host, and how its Ingress is annotated. */
export interface WorldApp {
  readonly name: string;
  /** Default: `apps`. */
  readonly namespace?: string;
  readonly host: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Loopback port that really answers; an echo app is started where it is left out. */
  readonly port?: number;
}

export interface WorldOptions {
  readonly apps: readonly WorldApp[];
  /** More objects, in YAML. */
  readonly manifests?: string;
  readonly authHost?: string;
  readonly workers?: number;
  /** `spec` lines of the IdentityProvider beyond what it needs, indented by two spaces. */
  readonly provider?: string;
  readonly optionalClaims?: readonly OptionalClaim[];
  /** Vouches for every server here; one of its own where it is left out. */
  readonly authority?: TestAuthority;
}

/** The whole product on free loopback ports: emulator, apps, `entragate dev` on a folder of its own. */
export interface World {
  readonly emulator: Emulator;
  readonly dev: RunningDev;
  /** PEM that vouches for every server here. */
  readonly ca: string;
  /** What `entragate dev` has told its user. */
  readonly told: readonly string[];
  readonly folder: string;
  readonly authHost: string;
  url(host: string, path?: string): string;
  /** A client with an empty cookie jar; closed with the world. */
  client(): WebClient;
  /** Requests that the echo app `name` has received. */
  received(name: string): number;
  /** Moves the clock of sessions, sign-ins and tokens, not that of browsers, certificates or timers. Needs `workers: 0`. */
  advance(seconds: number): void;
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  close(): Promise<void>;
}

/** Finance and Employees of the sample tenant. */
const samplePolicies = `
apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: finance, namespace: apps}
spec:
  groups: [${CONTOSO.groups.finance}]
---
apiVersion: entragate.dev/v1alpha1
kind: ClusterPolicy
metadata: {name: employees}
spec:
  groups: [${CONTOSO.groups.employees}]
`;

/** Starts a world. Close it in `after`. What fails to start leaves nothing behind that would keep the run from ending. */
export async function startWorld(options: WorldOptions): Promise<World> {
  await using started = new AsyncDisposableStack();
  let clockOffset = 0;
  const now = () => Date.now() + clockOffset;
  const prepared = started.use(await prepareWorld(options, now));
  const told: string[] = [];
  const devOptions = await readDevOptions([...prepared.devArguments, '--log-level', 'error'], {});
  if (devOptions === 'help') throw new Error('no help was asked for');
  const dev = await startDev(devOptions, (line) => told.push(line), now);
  started.defer(() => dev.close(1_000));
  const ca = [prepared.authority.caPem, dev.caPem].join('\n');
  const clients: WebClient[] = [];
  const running = started.move();
  const { folder, httpsPort } = prepared;
  return {
    ...{ emulator: prepared.emulator, dev, ca, told, folder, authHost: prepared.authHost },
    url: (host, path = '/') => `https://${host}:${httpsPort}${path}`,
    client: () => {
      const client = new WebClient(ca);
      clients.push(client);
      return client;
    },
    received: prepared.received,
    advance: (seconds) => {
      clockOffset += seconds * 1000;
    },
    write: (file, text) => writeFile(join(folder, file), text),
    remove: (file) => rm(join(folder, file)),
    close: async () => {
      for (const client of clients) client.close();
      await running.disposeAsync();
    },
  };
}

/** Everything of a world but `entragate dev` itself, which a test starts in this process or in another. */
export interface PreparedWorld extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly authority: TestAuthority;
  readonly authHost: string;
  readonly clientSecret: string;
  readonly folder: string;
  readonly httpsPort: number;
  /** Command line of `entragate dev`: all but the level of its log. */
  readonly devArguments: readonly string[];
  received(name: string): number;
}

/** @param now clock of the emulator, in milliseconds since the epoch */
export async function prepareWorld(options: WorldOptions, now: () => number): Promise<PreparedWorld> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entragate-world-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = options.authority ?? (await createTestAuthority());
  const authHost = options.authHost ?? 'auth.localhost';
  const httpsPort = await freePort();
  const clientSecret = randomBytes(24).toString('base64url');
  const emulator = await startEntra(options, authHost, httpsPort, clientSecret, authority, now);
  started.defer(() => emulator.close());
  const echoes = new Map<string, EchoApp>();
  for (const { name, port } of options.apps) {
    if (port !== undefined) continue;
    const echo = await startEchoApp(name, 0);
    started.defer(() => echo.close());
    echoes.set(name, echo);
  }
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  await write('entra-ca.crt', authority.caPem);
  await write('base.yaml', base(options, emulator.origin, clientSecret));
  for (const app of options.apps) await write(fileOf(app), appManifest(app));
  await write('tls.yaml', await tlsManifest(options.apps, authority));
  await write('policies.yaml', samplePolicies);
  if (options.manifests !== undefined) await write('more.yaml', options.manifests);
  const maps = options.apps.flatMap(({ name, namespace = 'apps', port }) => [
    '--map',
    `${namespace}/${name}:http=127.0.0.1:${port ?? echoes.get(name)?.port}`,
  ]);
  const ports = ['--https-port', String(httpsPort), '--http-port', '0', '--admin-port', '0'];
  const fixed = ['--auth-host', authHost, '--authority-ca', join(folder, 'entra-ca.crt'), '--log', 'json'];
  const workers = ['--workers', String(options.workers ?? 0), '--state', join(folder, '.state')];
  const certificate = await defaultCertificate(authHost, authority, folder);
  const running = started.move();
  return {
    ...{ emulator, authority, authHost, clientSecret, folder, httpsPort },
    devArguments: [folder, ...ports, ...fixed, ...workers, ...certificate, ...maps],
    received: (name) => echoes.get(name)?.received() ?? 0,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Reads a manifest that a world wrote, for a test that edits it. */
export function readManifest(world: World, file: string): Promise<string> {
  return readFile(join(world.folder, file), 'utf8');
}

async function startEntra(
  options: WorldOptions,
  authHost: string,
  httpsPort: number,
  clientSecret: string,
  authority: TestAuthority,
  now: () => number,
): Promise<Emulator> {
  const hosts = options.apps.map(({ host }) => host);
  const redirectUris = [
    `https://${authHost}:${httpsPort}/oauth2/callback`,
    ...hosts.map((host) => `https://${host}:${httpsPort}/.entragate/oauth2/callback`),
    ...hosts.map((host) => `https://${host}:${httpsPort}/.entragate/signed-out`),
    `https://${authHost}:${httpsPort}/oauth2/signed-out`,
  ];
  const idToken = options.optionalClaims ?? [];
  return startEmulator({
    tenants: [contoso({ redirectUris, clientSecret, app: { optionalClaims: { idToken, accessToken: [] } } })],
    port: 0,
    publicHost: 'login.localhost',
    tls: await authority.issue(['login.localhost']),
    now,
  });
}

function base({ provider = '' }: WorldOptions, authorityOrigin: string, clientSecret: string): string {
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: entragate}
spec: {controller: entragate.dev/ingress-controller}
---
apiVersion: entragate.dev/v1alpha1
kind: IdentityProvider
metadata: {name: default}
spec:
  type: EntraID
  tenantId: ${CONTOSO.tid}
  clientId: ${CONTOSO.clientId}
  authority: ${authorityOrigin}
  credential: {secretRef: {name: entra-client, key: client-secret}}
${provider}
---
apiVersion: v1
kind: Secret
metadata: {name: entra-client, namespace: entragate}
stringData: {client-secret: ${clientSecret}}
`;
}

/** One for each app, `ledger.yaml` for `apps/ledger`. */
function fileOf({ name, namespace }: WorldApp): string {
  return namespace === undefined ? `${name}.yaml` : `${namespace}_${name}.yaml`;
}

/** An Ingress, a Service and its EndpointSlice at a documentation address. */
function appManifest({ name, namespace = 'apps', host, annotations }: WorldApp): string {
  const lines = Object.entries(annotations).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${namespace}
  annotations:
${lines.join('\n')}
spec:
  ingressClassName: entragate
  tls: [{hosts: [${host}]${host.endsWith('.localhost') ? '' : ', secretName: hosts-tls'}}]
  rules:
    - host: ${host}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${name}, port: {name: http}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [192.0.2.10]}]
`;
}

/** Options for an auth host outside `localhost`, which the local authority cannot name. */
async function defaultCertificate(authHost: string, authority: TestAuthority, folder: string): Promise<string[]> {
  if (authHost === 'none' || authHost.endsWith('.localhost')) return [];
  const { certPem, keyPem } = await authority.issue([authHost]);
  const [certificate, key] = [join(folder, 'default.crt'), join(folder, 'default.key')];
  await writeFile(certificate, certPem);
  await writeFile(key, keyPem);
  return ['--certificate', certificate, '--key', key];
}

async function tlsManifest(apps: readonly WorldApp[], authority: TestAuthority): Promise<string> {
  const names = apps.map(({ host }) => host).filter((host) => !host.endsWith('.localhost'));
  if (names.length === 0) return '';
  const { certPem, keyPem } = await authority.issue(names);
  return `
apiVersion: v1
kind: Secret
metadata: {name: hosts-tls, namespace: apps}
type: kubernetes.io/tls
stringData:
  tls.crt: ${JSON.stringify(certPem)}
  tls.key: ${JSON.stringify(keyPem)}
`;
}
