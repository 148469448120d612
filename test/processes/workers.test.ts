import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { type DevProcess, startDevProcess } from '../support/dev-process.ts';
import { acceptsTcp } from '../support/tcp-probe.ts';
import { until } from '../support/until.ts';
import type { WebClient } from '../support/web-client.ts';

const { adele } = CONTOSO.users;
const HTML = { accept: 'text/html' } as const;
const NOT_HTML = { accept: 'application/json' } as const;

const apps = [
  { name: 'ledger', host: 'ledger.localhost', annotations: { 'entragate.dev/policies': 'finance' } },
  { name: 'wiki', host: 'wiki.localhost', annotations: { 'entragate.dev/policies': 'cluster/employees' } },
  { name: 'status', host: 'status.localhost', annotations: { 'entragate.dev/access': 'public' } },
];

describe('entragate dev --workers 2', () => {
  let dev: DevProcess;
  before(async () => {
    dev = await startDevProcess({ apps, workers: 2 }, 'info');
  });
  after(() => dev.close());

  const status = (path = '/') => dev.url('status.localhost', path);
  const ledger = (path = '/') => dev.url('ledger.localhost', path);
  const workers = () => childrenOf(dev.pid);
  const signedIn = async (): Promise<WebClient> => {
    const client = dev.client();
    assert.equal((await client.signIn(ledger(), adele.username)).status, 200);
    return client;
  };

  /** A new connection each time: whichever worker accepts it. */
  const onNewConnections = async <T>(count: number, ask: (client: WebClient) => Promise<T>): Promise<readonly T[]> => {
    const answers: T[] = [];
    for (let index = 0; index < count; index += 1) {
      const client = dev.client();
      answers.push(await ask(client));
      client.close();
    }
    return answers;
  };
  /** Request ids begin with what is random in their worker. */
  const workerOf = (requestId: string) => requestId.split('-')[0] ?? '';
  /** Answers of the public app so far: what both workers together have to count. */
  let answered = 0;
  const askStatus = async (client: WebClient) => {
    const answer = await client.request(status());
    answered += 1;
    return answer;
  };
  const servedBy = async (client: WebClient): Promise<string> => {
    const { body } = await askStatus(client);
    const { headers }: { readonly headers: readonly (readonly [string, string])[] } = JSON.parse(body);
    return workerOf(headers.find(([name]) => name.toLowerCase() === 'x-request-id')?.[1] ?? '');
  };
  const bothWorkers = async (): Promise<ReadonlySet<string>> => {
    const seen = new Set<string>();
    await until(async () => {
      for (const worker of await onNewConnections(10, servedBy)) seen.add(worker);
      return seen.size >= 2;
    });
    return seen;
  };

  it('serves from both, and neither is this process', async () => {
    assert.equal((await workers()).length, 2);
    assert.equal((await bothWorkers()).size, 2);
  });

  it('adds up what they count', async () => {
    const counted = async () => {
      const { text } = await dev.admin('/metrics');
      return Number(
        /^entragate_requests_total\{route="apps\/status[^}]*status="200"[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0,
      );
    };
    await onNewConnections(20, askStatus);
    await until(async () => (await counted()) === answered);
  });

  it('redeems a ticket once, whichever worker it comes to', async () => {
    const client = await signedIn();
    let location = dev.url('wiki.localhost', '/');
    let cookies = '';
    for (let hop = 0; new URL(location).pathname !== '/.entragate/callback'; hop += 1) {
      assert.ok(hop < 5);
      const answer = await client.request(location, { headers: HTML });
      location = new URL(answer.headers.location ?? assert.fail(answer.body), location).href;
    }
    cookies = client.cookieHeader('wiki.localhost');
    const sessions = (
      await onNewConnections(12, (thief) => thief.request(location, { headers: { ...HTML, cookie: cookies } }))
    ).filter(({ setCookies }) => setCookies.some((line) => /^__Host-entragate=[^;]/.test(line)));
    assert.equal(sessions.length, 1);
  });

  it('signs in while the first process is busy for seconds, as with thousands of objects that changed', async () => {
    const client = await signedIn();
    let location = dev.url('wiki.localhost', '/');
    for (let hop = 0; new URL(location).pathname !== '/.entragate/callback'; hop += 1) {
      assert.ok(hop < 5);
      const answer = await client.request(location, { headers: HTML });
      location = new URL(answer.headers.location ?? assert.fail(answer.body), location).href;
    }
    process.kill(dev.pid, 'SIGSTOP');
    const goOn = setTimeout(() => process.kill(dev.pid, 'SIGCONT'), 3_000);
    try {
      const { setCookies } = await client.request(location, { headers: HTML });
      assert.ok(setCookies.some((line) => /^__Host-entragate=[^;]/.test(line)));
    } finally {
      clearTimeout(goOn);
      process.kill(dev.pid, 'SIGCONT');
    }
  });

  it('[BOUNDED] refuses a session that was signed out on one worker on the other, within 5 s', async () => {
    const client = await signedIn();
    const cookie = client.cookieHeader('ledger.localhost');
    let lastServed = 0;
    const statuses = () =>
      onNewConnections(10, async (thief) => {
        const askedAt = performance.now();
        const { status } = await thief.request(ledger(), { headers: { ...NOT_HTML, cookie } });
        if (status === 200) lastServed = askedAt;
        return status;
      });
    assert.deepEqual(new Set(await statuses()), new Set([200]));
    await client.request(ledger('/.entragate/sign-out'), {
      method: 'POST',
      headers: { ...HTML, origin: new URL(ledger()).origin, 'content-type': 'application/x-www-form-urlencoded' },
    });
    const signedOut = performance.now();
    await until(async () => (await statuses()).every((each) => each === 401));
    assert.ok(lastServed - signedOut < 5_000, `asked ${Math.round(lastServed - signedOut)} ms later, and served`);
  });

  it('replaces one that was killed by one that serves what the others serve by now', async () => {
    const client = await signedIn();
    const stolen = (await signedIn()).cookieHeader('ledger.localhost');
    await writeFile(join(dev.prepared.folder, 'policies.yaml'), await withoutFinance(dev));
    await until(async () => (await client.request(ledger(), { headers: NOT_HTML })).status === 403);
    const [killed = assert.fail(), survivor] = await workers();
    process.kill(killed, 'SIGKILL');
    await until(async () => {
      const now = await workers();
      return now.length === 2 && !now.includes(killed) && now.includes(survivor ?? 0);
    });
    assert.equal((await bothWorkers()).size, 2);
    const answers = await onNewConnections(12, (thief) =>
      thief.request(ledger(), { headers: { ...NOT_HTML, cookie: stolen } }),
    );
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([403]));
    assert.equal((await dev.admin('/readyz')).status, 200);
    await until(() => dev.output().includes('"signal":"SIGKILL"'));
  });
});

/** What requests under way are given by `entragate dev`, and an idle connection must not be (ms). */
const GRACE = 5_000;

describe('Ctrl-C', () => {
  for (const [what, isGroup] of [
    ['in a terminal, which tells the whole process group', true],
    ['sent to the first process alone', false],
  ] as const) {
    for (const count of [0, 2]) {
      it(`${what}, ends ${count} workers: no process and no open port is left`, async () => {
        const times = [await timeToEnd(isGroup, count)];
        // Other work on the machine takes its time now and then, a connection that is waited for does so always.
        while (times.length < 3 && Math.min(...times) > GRACE) times.push(await timeToEnd(isGroup, count));
        assert.ok(Math.min(...times) < GRACE, `an idle connection keeps nothing running: ${times} ms`);
      });
    }
  }
});

/** From Ctrl-C to the end of `entragate dev`, to which somebody has an idle connection (ms). */
async function timeToEnd(isGroup: boolean, workers: number): Promise<number> {
  const dev = await startDevProcess({ apps, workers }, 'info');
  try {
    const client = dev.client();
    assert.equal((await client.request(dev.url('status.localhost'))).status, 200);
    const pids = [dev.pid, ...(await childrenOf(dev.pid))];
    assert.equal(pids.length, 1 + workers);
    const started = performance.now();
    process.kill(isGroup ? -dev.pid : dev.pid, 'SIGINT');
    assert.equal(await dev.ended, 0, dev.output());
    const took = performance.now() - started;
    for (const pid of pids) assert.equal(await isAlive(pid), false);
    for (const port of [dev.prepared.httpsPort, dev.httpPort, dev.adminPort]) {
      assert.equal(await acceptsTcp('127.0.0.1', port), false);
    }
    return took;
  } finally {
    await dev.close();
  }
}

it('[CLOSED] workers end with the process that tells them what to serve, even when that is killed', async () => {
  const dev = await startDevProcess({ apps, workers: 2 }, 'info');
  try {
    const pids = await childrenOf(dev.pid);
    assert.equal(pids.length, 2);
    process.kill(dev.pid, 'SIGKILL');
    assert.equal(await dev.ended, 'SIGKILL');
    await until(async () => !(await Promise.all(pids.map(isAlive))).includes(true));
    assert.equal(await acceptsTcp('127.0.0.1', dev.prepared.httpsPort), false);
  } finally {
    await dev.close();
  }
});

/** Process ids of direct children (proc(5)). */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** Whether the process runs: one that has ended and that nobody waits for yet, as where no init does, does not (proc(5)). */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\t[^ZX]/m.test(status);
}

/** The sample policies without the one that admits Finance. */
async function withoutFinance({ prepared }: DevProcess): Promise<string> {
  const text = await readFile(join(prepared.folder, 'policies.yaml'), 'utf8');
  return text.slice(text.lastIndexOf('---'));
}
