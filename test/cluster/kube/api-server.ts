import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { freePorts } from '../../support/free-ports.ts';
import { createTestAuthority } from '../../support/test-authority.ts';
import { until } from '../../support/until.ts';
import { ApiRequests } from './api-requests.ts';
import { kubeProgram } from './build.ts';
import { type Child, startChild } from './child.ts';

export interface ApiServerOptions {
  /** Whether kube-controller-manager runs too: default ServiceAccounts, deletion of namespaces, EndpointSlices of Services. */
  readonly controllers: boolean;
  /** Further flags of kube-apiserver. */
  readonly flags: readonly string[];
}

/** A real kube-apiserver and etcd on loopback. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  /** A bearer token of the group system:masters. */
  readonly adminToken: string;
  /** A kubeconfig file of the administrator. */
  readonly kubeconfig: string;
  /** Requests as the administrator. */
  readonly admin: ApiRequests;
  /** Writes a kubeconfig for another token, or for another way to the server, which another authority may vouch for. */
  readonly writeKubeconfig: (name: string, token: string, port: number, caPem?: string) => Promise<string>;
  /** Forgets all versions but the newest in etcd, as it does by itself every five minutes. */
  readonly compact: () => Promise<void>;
  /**
   * Stores an object as an API server of another version would, without what this one looks at.
   *
   * @param key such as `ingress/apps/ledger`
   */
  readonly store: (key: string, object: object) => Promise<void>;
  /** Ends the API server; its data stays. */
  readonly stop: () => Promise<void>;
  /** The same without a chance to say goodbye. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, after `stop` or `kill`; where it runs it goes on. */
  readonly start: () => Promise<void>;
  /** Ends everything and removes its folder. */
  readonly close: () => Promise<void>;
}

const READY_MS = 180_000;
/** The first of its Services' addresses: where Pods find the API server. */
const serviceAddress = '10.96.0.1';

/**
 * Starts etcd and kube-apiserver in a folder of their own and waits until they are ready; builds them first where that was never done.
 *
 * @throws KubeUnavailable when they can not be built or found here
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const assets = options.controllers ? 'refused' : 'allowed';
  const programs = {
    etcd: await kubeProgram('etcd', assets),
    apiServer: await kubeProgram('kube-apiserver', assets),
    controllers: options.controllers ? await kubeProgram('kube-controller-manager', assets) : null,
  };
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entragate-cluster-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const launch = (program: string, argv: readonly string[]) =>
    startChild(program, argv, join(folder, `${basename(program)}.log`));
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const { caPem, adminToken, controllerToken } = await writeFiles(folder);
  const [url, etcdUrl] = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${etcdPort}`];
  const admin = new ApiRequests(url, caPem, adminToken);
  started.defer(async () => admin.close());
  const etcd = launch(programs.etcd, etcdFlags(folder, etcdUrl, `http://127.0.0.1:${peerPort}`));
  started.defer(() => etcd.end('SIGKILL'));
  const flags = [...apiServerFlags(folder, port, etcdUrl), ...options.flags];
  let apiServer = launch(programs.apiServer, flags);
  started.defer(() => apiServer.end('SIGKILL'));
  const untilReady = () => ready(admin, '/readyz', [etcd, apiServer]);
  await untilReady();
  const writeKubeconfig = async (name: string, token: string, to: number, ca = caPem) => {
    const path = join(folder, `${name}.kubeconfig`);
    await writeFile(path, kubeconfig(`https://127.0.0.1:${to}`, ca, token));
    return path;
  };
  if (programs.controllers !== null) {
    const access = await writeKubeconfig('controllers', controllerToken, port);
    const controllers = launch(programs.controllers, controllerFlags(folder, access));
    started.defer(() => controllers.end('SIGKILL'));
    await ready(admin, '/api/v1/namespaces/default/serviceaccounts/default', [controllers]);
  }
  const adminConfig = await writeKubeconfig('admin', adminToken, port);
  const running = started.move();
  return {
    ...{ url, port, caPem, adminToken, kubeconfig: adminConfig, admin, writeKubeconfig },
    compact: () => compact(etcdUrl),
    store: (key, object) => store(etcdUrl, key, object),
    stop: () => apiServer.end('SIGTERM'),
    kill: () => apiServer.end('SIGKILL'),
    start: async () => {
      if (apiServer.isRunning()) return;
      apiServer = launch(programs.apiServer, flags);
      await untilReady();
    },
    close: () => running.disposeAsync(),
  };
}

interface ClusterFiles {
  readonly caPem: string;
  readonly adminToken: string;
  readonly controllerToken: string;
}

async function writeFiles(folder: string): Promise<ClusterFiles> {
  const authority = await createTestAuthority();
  const server = await authority.issue(['127.0.0.1', serviceAddress, 'localhost', 'kubernetes.default.svc']);
  const accounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const [adminToken, controllerToken] = [token(), token()];
  const tokens = [
    `${adminToken},admin,admin,"system:masters"`,
    `${controllerToken},system:kube-controller-manager,system:kube-controller-manager`,
  ];
  await mkdir(join(folder, 'data'), { mode: 0o700 });
  const files = {
    'ca.crt': authority.caPem,
    'server.crt': server.certPem,
    'server.key': server.keyPem,
    'accounts.key': accounts.privateKey,
    'accounts.pub': accounts.publicKey,
    'tokens.csv': `${tokens.join('\n')}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  return { caPem: authority.caPem, adminToken, controllerToken };
}

function token(): string {
  return randomBytes(24).toString('hex');
}

function kubeconfig(server: string, caPem: string, bearer: string): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token: bearer } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

function etcdFlags(folder: string, client: string, peer: string): readonly string[] {
  return [
    `--data-dir=${join(folder, 'data')}`,
    '--name=test',
    '--log-level=warn',
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
  ];
}

function apiServerFlags(folder: string, port: number, etcd: string): readonly string[] {
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${join(folder, 'server.crt')}`,
    `--tls-private-key-file=${join(folder, 'server.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--profiling=false',
    `--cert-dir=${join(folder, 'certs')}`,
  ];
}

function controllerFlags(folder: string, config: string): readonly string[] {
  return [
    `--kubeconfig=${config}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(folder, 'accounts.key')}`,
    `--root-ca-file=${join(folder, 'ca.crt')}`,
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    '--profiling=false',
    `--cert-dir=${join(folder, 'certs')}`,
    `--flex-volume-plugin-dir=${join(folder, 'flex')}`,
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
  ];
}

async function ready(admin: ApiRequests, path: string, children: readonly Child[]): Promise<void> {
  await until(async () => {
    const dead = children.find((child) => !child.isRunning());
    if (dead !== undefined) throw new Error(`a server ended while starting: ${await dead.lastWords()}`);
    return (await admin.send('GET', path).catch(() => null))?.status === 200;
  }, READY_MS);
}

async function compact(etcd: string): Promise<void> {
  const { header } = await askEtcd(etcd, '/v3/kv/range', { key: base64('none') });
  await askEtcd(etcd, '/v3/kv/compaction', { revision: header?.revision, physical: true });
}

async function store(etcd: string, key: string, object: object): Promise<void> {
  await askEtcd(etcd, '/v3/kv/put', { key: base64(`/registry/${key}`), value: base64(JSON.stringify(object)) });
}

/** etcd's JSON gateway: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/. */
async function askEtcd(etcd: string, path: string, body: object): Promise<{ readonly header?: { revision?: string } }> {
  const answer = await fetch(`${etcd}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`etcd answers ${answer.status}: ${await answer.text()}`);
  return JSON.parse(await answer.text());
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
