import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { until } from '../support/until.ts';
import { chartRules } from './chart/permissions.ts';
import { createAccount, grant } from './kube/accounts.ts';
import { applyObject, ingressObject } from './kube/objects.ts';
import { readEvents } from './kube/read-events.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Replica, type ServeWorld, startServeWorld } from './release/serve-world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface JsonReport {
  readonly ok: boolean;
  readonly problems: readonly { readonly object: string; readonly code: string; readonly message: string }[];
  readonly ingresses: readonly { readonly ingress: string; readonly reason: string; readonly message: string }[];
  readonly routes: readonly { readonly host: string; readonly access: string }[];
}

describe('entragate check --cluster', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  let world: ServeWorld;
  let replica: Replica;

  const check = async (argv: readonly string[], environment: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [main, 'check', '--cluster', ...argv], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    const [status]: readonly unknown[] = await ended;
    return { status, stdout, stderr };
  };
  /** The environment of the pod, as the chart writes it: the options of the replica. */
  const podEnvironment = () => {
    const options = world.argv.flatMap((flag, index) =>
      flag.startsWith('--')
        ? [[`ENTRAGATE_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`, world.argv[index + 1] ?? '']]
        : [],
    );
    return Object.fromEntries(options);
  };

  before(async () => {
    world = await startServeWorld(server());
    replica = await world.start();
    await applyObject(server().admin, {
      ...ingressObject('apps', 'orphan', 'ledger'),
      metadata: { namespace: 'apps', name: 'orphan', annotations: { 'entragate.dev/policies': 'nobody' } },
    });
    await until(async () => (await readEvents(server().admin, 'apps')).length >= 2 && (await replica.hasShownAll()));
  });
  after(async () => world?.close());

  it('says of each Ingress what its Event says, with the options that the pod has in its environment', async () => {
    const { status, stdout, stderr } = await check(['--output', 'json'], podEnvironment());
    assert.equal(stderr, '');
    const report = JSON.parse(stdout) as JsonReport;
    const told = (await readEvents(server().admin, 'apps')).map(({ regarding, reason, note }) => ({
      ingress: `apps/${regarding.name}`,
      reason,
      message: note,
    }));
    const byName = (a: { readonly ingress: string }, b: { readonly ingress: string }) =>
      a.ingress < b.ingress ? -1 : 1;
    assert.deepEqual([...report.ingresses].sort(byName), told.sort(byName));
    assert.deepEqual([status, report.ok], [1, false]);
    assert.deepEqual(report.routes.map(({ host, access }) => `${host} ${access}`).sort(), [
      'ledger.example.com policy',
      'orphan.example.com denied',
    ]);
  });

  it('tells people the same, an Ingress in a line', async () => {
    const { stdout } = await check([], podEnvironment());
    assert.match(stdout, /^Ingress apps\/ledger: Programmed: Programmed; access by policy finance\.$/m);
    assert.match(stdout, /^Ingress apps\/orphan: Denied: Every request is denied\. Policy nobody does not exist/m);
    assert.match(
      stdout,
      /^error: Ingress apps\/orphan: metadata\.annotations\["entragate\.dev\/policies"\]: Policy nobody does not exist/m,
    );
    assert.match(stdout, /1 error, \d+ warnings?; 2 routes\n$/);
  });

  it('says that nobody can sign in where the sign-in host lacks its certificate, which no object but a Secret shows', async () => {
    const { status, stdout } = await check(
      ['--output', 'json', '--auth-host-certificate', 'not-there', '--default-certificate', ''],
      podEnvironment(),
    );
    const { problems, ingresses } = JSON.parse(stdout) as JsonReport;
    assert.deepEqual(
      problems.filter(({ code }) => code === 'operator-certificate').map(({ message }) => message),
      [
        'The certificate of the sign-in host, Secret entragate/not-there, does not exist or can not be read: nobody can sign in.',
      ],
    );
    const ledger = ingresses.find(({ ingress }) => ingress === 'apps/ledger');
    assert.deepEqual(
      [ledger?.reason, ledger?.message],
      [
        'ProgrammedWithProblems',
        'Programmed; access by policy finance. Nobody can sign in now: the certificate of the sign-in host auth.example.com is missing.',
      ],
    );
    assert.equal(status, 1);
  });

  it('takes the cluster of kubectl where it is no pod', async () => {
    const { stdout, status } = await check([], { KUBECONFIG: server().kubeconfig });
    assert.match(stdout, /^Ingress apps\/ledger: /m);
    assert.equal(status, 1);
  });

  it('says which Secrets it may not read: whether they are there it can not know', async () => {
    const reader = { namespace: 'entragate', name: 'reader-without-secrets' };
    const token = await createAccount(server(), reader.namespace, reader.name);
    const { cluster, namespaced } = await chartRules();
    const others = namespaced.filter(({ resources }) => !resources.includes('secrets'));
    await grant(server(), reader, null, [...cluster, ...others]);
    const kubeconfig = await server().writeKubeconfig(reader.name, token, server().port);
    const argv = ['--output', 'json', '--kubeconfig', kubeconfig];
    const { status, stdout } = await check(argv, podEnvironment());
    const { problems } = JSON.parse(stdout) as JsonReport;
    const unread = problems.filter(({ code }) => code === 'object-unreadable').map(({ object }) => object);
    assert.deepEqual(unread.toSorted(), [
      'Secret apps/ledger-tls',
      'Secret apps/orphan-tls',
      'Secret entragate/auth-tls',
      'Secret entragate/entra-client',
    ]);
    assert.equal(status, 1);
  });

  it('ends with 2 and says which objects it may not list', async () => {
    const token = await createAccount(server(), 'entragate', 'reader');
    const kubeconfig = await server().writeKubeconfig('reader', token, server().port);
    const { status, stdout, stderr } = await check(['--kubeconfig', kubeconfig], {});
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^entragate check: \w+ objects can not be listed, .*403/);
  });
});

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
