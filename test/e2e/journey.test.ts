import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { assertFastest } from '../support/fastest.ts';
import { until } from '../support/until.ts';
import type { WebAnswer } from '../support/web-client.ts';
import { readManifest, startWorld, type World } from '../support/world.ts';

interface Echo {
  readonly headers: readonly (readonly [string, string])[];
  readonly count: number;
}

const { adele, alex, megan, gary } = CONTOSO.users;

/** What a plain HTTP client sees of the whole path: it asks for HTML, keeps cookies, follows redirects and posts the sign-in form. */
describe('the whole path, with a plain HTTP client', () => {
  let world: World;
  const ledger = (path = '/') => world.url('ledger.localhost', path);

  before(async () => {
    world = await startWorld({
      apps: [
        { name: 'ledger', host: 'ledger.localhost', annotations: { 'entragate.dev/policies': 'finance' } },
        { name: 'wiki', host: 'wiki.localhost', annotations: { 'entragate.dev/policies': 'cluster/employees' } },
        { name: 'status', host: 'status.localhost', annotations: { 'entragate.dev/access': 'public' } },
        { name: 'bare', host: 'bare.localhost', annotations: {} },
      ],
    });
  });
  after(() => world.close());

  it('sends a navigation without a session to sign-in, and answers anything else with 401', async () => {
    const client = world.client();
    const navigation = await client.request(ledger('/a?b=1'), { headers: { accept: 'text/html' } });
    assert.equal(navigation.status, 302);
    assert.match(navigation.headers.location ?? '', /^https:\/\/auth\.localhost:\d+\/oauth2\/start\?/);
    for (const headers of [{ accept: 'application/json' }, { accept: 'text/html', 'x-requested-with': 'fetch' }]) {
      const call = await client.request(ledger('/a'), { headers });
      assert.equal(call.status, 401);
      assert.equal(call.headers['content-type'], 'application/problem+json');
      assert.match(
        JSON.parse(call.body).signIn,
        /^https:\/\/ledger\.localhost:\d+\/\.entragate\/sign-in\?return=%2Fa$/,
      );
    }
    assert.equal(world.received('ledger'), 0);
  });

  it('signs a Finance user in, comes back to where they wanted to go, and tells the app who it is', async () => {
    const client = world.client();
    const page = await client.signIn(ledger('/books?year=2026'), adele.username);
    assert.equal(page.status, 200, page.body);
    assert.equal(page.url, ledger('/books?year=2026'));
    const spoofed = {
      'X-Entragate-User': 'mallory',
      x_entragate_groups: 'all',
      'X-Forwarded-For': '9.9.9.9',
      accept: '*/*',
    };
    const { 'X-Entragate-User': user, accept } = spoofed;
    const echo: Echo = JSON.parse(
      (
        await client.request(ledger(), {
          headers: { 'X-Entragate-User': user, 'X-Forwarded-For': spoofed['X-Forwarded-For'], accept },
        })
      ).body,
    );
    const sent = (name: string) => echo.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
    assert.deepEqual(sent('x-entragate-user'), [adele.id]);
    assert.deepEqual(sent('x-entragate-tenant'), [CONTOSO.tid]);
    assert.deepEqual(sent('x-entragate-name'), ['Adele Vance']);
    assert.deepEqual(sent('x-entragate-groups'), [CONTOSO.groups.finance]);
    assert.equal(sent('x-entragate-assertion').length, 1);
    assert.deepEqual(sent('x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(sent('cookie'), []);
    const aliased = await client.request(ledger(), { headers: { x_entragate_groups: 'all', accept } });
    assert.equal(aliased.status, 400);
  });

  it('denies an employee outside Finance with policy, rule and reason, and lets them into the wiki without a second sign-in', async () => {
    const client = world.client();
    const before = world.received('ledger');
    const denied = await client.signIn(ledger(), alex.username);
    assert.equal(denied.status, 403);
    for (const said of ['apps/finance', 'Alex Wilber', 'groups']) assert.ok(denied.body.includes(said), said);
    assert.equal(world.received('ledger'), before);
    const json = await client.request(ledger(), { headers: { accept: 'application/json' } });
    assert.equal(JSON.parse(json.body).policy, 'apps/finance');
    const wiki = await client.navigate(world.url('wiki.localhost'));
    assert.equal(wiki.status, 200, wiki.body);
  });

  it('denies a user in more than 200 groups because membership is unknown, and says so', async () => {
    const denied = await world.client().signIn(ledger(), megan.username);
    assert.equal(denied.status, 403);
    assert.match(denied.body, /200 groups|overage/i);
  });

  it('denies a guest without groups', async () => {
    assert.equal((await world.client().signIn(ledger(), gary.username)).status, 403);
  });

  it('counts a sign-in that fails for want of a credential as its own, with its status: an alert of the chart looks for that', async () => {
    world.emulator.breakage.tokenError(7000222);
    const page = await world
      .client()
      .signIn(ledger('/'), adele.username)
      .finally(() => world.emulator.breakage.reset());
    assert.equal(page.status, 500, page.body);
    const metrics = () => fetch(`http://127.0.0.1:${world.dev.adminPort}/metrics`).then((answer) => answer.text());
    await until(async () =>
      /^entragate_requests_total\{route="-",status="500",decision="own"\} 1$/m.test(await metrics()),
    );
  });

  it('denies everybody where an Ingress names no policy', async () => {
    const client = world.client();
    const denied = await client.signIn(world.url('bare.localhost'), adele.username);
    assert.equal(denied.status, 403);
    assert.equal(world.received('bare'), 0);
  });

  it('switches its answer within a second of a changed Policy, denies when it is deleted, and tells what changed in words', async () => {
    const client = world.client();
    assert.equal((await client.signIn(ledger(), alex.username)).status, 403);
    const policies = await readManifest(world, 'policies.yaml');
    const open = policies.replace(CONTOSO.groups.finance, `${CONTOSO.groups.finance}, ${CONTOSO.groups.employees}`);
    const times: number[] = [];
    const write = async (text: string, isThere: (page: WebAnswer) => boolean) => {
      const writtenAt = performance.now();
      await world.write('policies.yaml', text);
      await until(async () => isThere(await client.navigate(ledger())));
      times.push(performance.now() - writtenAt);
    };
    try {
      for (let round = 0; round < 3; round += 1) {
        await write(open, ({ status }) => status === 200);
        await write(open.slice(open.indexOf('---')), ({ status }) => status === 403);
        await write(policies, ({ body }) => body.includes('apps/finance'));
      }
      await until(() => world.told.some((line) => line.includes('apps/finance') && line.includes('2 groups')));
    } finally {
      await world.write('policies.yaml', policies);
    }
    assertFastest(times, 1_000, 'from a write to its effect');
  });

  it('denies, and keeps its hosts, when a file can no longer be read', async () => {
    const client = world.client();
    const good = await readManifest(world, 'status.yaml');
    assert.equal((await client.request(world.url('status.localhost'))).status, 200);
    try {
      await world.write('status.yaml', `{${good}`);
      await until(async () => (await client.request(world.url('status.localhost'))).status === 403);
    } finally {
      await world.write('status.yaml', good);
    }
    await until(async () => (await client.request(world.url('status.localhost'))).status === 200);
  });
});
