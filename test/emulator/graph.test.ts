import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { createEmulatorApp } from '../../src/emulator/directory/tenant.ts';
import {
  type Answer,
  type Ask,
  ask,
  askToken,
  CLIENT_SECRET,
  codeForm,
  createBrowser,
  jsonOf,
  REDIRECT_URI,
  type Running,
  signInAs,
  startContoso,
  textMember,
} from './emulator-client.ts';

const { adele, alex, megan } = CONTOSO.users;
const { employees, finance } = CONTOSO.groups;
const USER_READ_ONLY = '0a1b2c3d-0000-4000-8000-000000000021';
const NO_PERMISSION = '0a1b2c3d-0000-4000-8000-000000000022';
const ADMIN = '0a1b2c3d-0000-4000-8000-000000000023';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function list(answer: Answer): readonly unknown[] {
  assert.equal(answer.status, 200, answer.text);
  const { value } = jsonOf(answer);
  assert.ok(Array.isArray(value));
  return value;
}

/** Code and message of a Graph error, its shape checked. */
function errorOf(answer: Answer): readonly [number, unknown] {
  const { error } = jsonOf(answer);
  assert.ok(isRecord(error) && typeof error.message === 'string' && isRecord(error.innerError), answer.text);
  assert.equal(error.innerError['request-id'], answer.headers['request-id']);
  return [answer.status, error.code];
}

describe('Graph of the emulator', () => {
  let running: Running;
  let appToken: string;

  before(async () => {
    const registered = {
      redirectUris: [REDIRECT_URI],
      credentials: [{ kind: 'secret', value: CLIENT_SECRET, expiresAt: null }],
    } as const;
    const apps = [
      createEmulatorApp({ ...registered, clientId: USER_READ_ONLY }),
      createEmulatorApp({
        ...registered,
        clientId: NO_PERMISSION,
        graphPermissions: { delegated: [], application: [] },
      }),
      createEmulatorApp({
        ...registered,
        clientId: ADMIN,
        graphPermissions: { delegated: [], application: ['Directory.Read.All', 'User.RevokeSessions.All'] },
      }),
    ];
    running = await startContoso({}, { apps });
    appToken = await tokenOfApp(CONTOSO.clientId);
  });
  after(() => running.emulator.close());
  afterEach(() => running.emulator.breakage.reset());

  const tokenOfApp = async (clientId: string) => {
    const form = {
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
      client_id: clientId,
    };
    return textMember(jsonOf(await askToken(running, form)), 'access_token');
  };
  const tokenOfUser = async (username: string, clientId: string) => {
    const received = await signInAs(running, createBrowser(running.caPem), username, { client_id: clientId });
    const form = { ...codeForm(received.get('code') ?? ''), client_id: clientId };
    return textMember(jsonOf(await askToken(running, form)), 'access_token');
  };
  const call = (path: string, options: Ask = {}, token = appToken) =>
    ask(running.caPem, path.startsWith('https:') ? path : `${running.emulator.graphUrl}${path}`, {
      ...options,
      headers: { authorization: `Bearer ${token}`, ...options.headers },
    });

  it('checks up to 20 groups', async () => {
    const groupIds = [finance, employees.toUpperCase(), randomUUID()];
    const answer = await call(`/users/${adele.id}/checkMemberGroups`, { json: { groupIds } });
    assert.deepEqual(list(answer), [employees, finance]);
    assert.match(textMember(jsonOf(answer), '@odata.context'), /\$metadata#Collection\(Edm\.String\)$/);
    assert.deepEqual(list(await call(`/users/${alex.id}/checkMemberGroups`, { json: { groupIds } })), [employees]);
    const many = { groupIds: Array.from({ length: 21 }, () => randomUUID()) };
    for (const json of [many, {}, { groupIds: ['Finance'] }, { groupIds: finance }]) {
      assert.deepEqual(errorOf(await call(`/users/${adele.id}/checkMemberGroups`, { json })), [
        400,
        'Request_BadRequest',
      ]);
    }
  });

  it('lists all groups of a user, past the 200 of a token', async () => {
    for (const method of ['getMemberGroups', 'getMemberObjects']) {
      const answer = await call(`/users/${megan.id}/${method}`, { json: { securityEnabledOnly: true } });
      assert.equal(list(answer).length, 252, method);
    }
  });

  it('pages transitiveMemberOf by $top and @odata.nextLink', async () => {
    const ids: unknown[] = [];
    const sizes: number[] = [];
    let next: string | null = `/users/${megan.id}/transitiveMemberOf?$select=id&$top=100`;
    while (next !== null) {
      const answer: Answer = await call(next);
      const objects = list(answer);
      assert.ok(objects.every((object) => isRecord(object) && Object.keys(object).join() === '@odata.type,id'));
      ids.push(...objects.map((object) => isRecord(object) && object.id));
      sizes.push(objects.length);
      const link: unknown = jsonOf(answer)['@odata.nextLink'];
      next = typeof link === 'string' ? link : null;
    }
    assert.deepEqual(sizes, [100, 100, 52]);
    assert.equal(new Set(ids).size, 252);
    assert.deepEqual(errorOf(await call(`/users/${megan.id}/transitiveMemberOf?$top=1000`)), [
      400,
      'Request_BadRequest',
    ]);
    const cast = await call(`/users/${adele.id}/transitiveMemberOf/microsoft.graph.group?$count=true`);
    assert.equal(jsonOf(cast)['@odata.count'], 2);
  });

  it('describes a user, more of it with $select', async () => {
    const byDefault = jsonOf(await call(`/users/${adele.id}`));
    assert.deepEqual([byDefault.id, byDefault.userPrincipalName], [adele.id, adele.username]);
    assert.ok(!('accountEnabled' in byDefault));
    const select = '$select=id,accountEnabled,signInSessionsValidFromDateTime,userType';
    const selected = async () => jsonOf(await call(`/users/${alex.username}?${select}`));
    const before = await selected();
    assert.deepEqual([before.accountEnabled, before.userType], [true, 'Member']);
    assert.match(textMember(before, 'signInSessionsValidFromDateTime'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    running.emulator.disableUser(alex.username);
    running.emulator.revokeSessions(alex.username);
    const after = await selected();
    running.emulator.enableUser(alex.username);
    assert.equal(after.accountEnabled, false);
    const [from, to] = [before, after].map((user) => Date.parse(textMember(user, 'signInSessionsValidFromDateTime')));
    assert.equal(to, Math.floor(running.clock.now / 1000) * 1000);
    assert.ok(Number(from) < Number(to));
  });

  it('describes a group and its members', async () => {
    assert.equal(jsonOf(await call(`/groups/${finance}?$select=displayName`)).displayName, 'Finance');
    const members = list(await call(`/groups/${finance}/transitiveMembers`));
    assert.deepEqual(
      members.map((member) => isRecord(member) && member.id),
      [adele.id, megan.id],
    );
  });

  it('refuses what does not exist: 404', async () => {
    for (const path of [`/users/${randomUUID()}`, `/groups/${randomUUID()}`]) {
      assert.deepEqual(errorOf(await call(path)), [404, 'Request_ResourceNotFound']);
    }
  });

  it('refuses tokens that are missing, foreign, spoiled or over: 401', async () => {
    const url = `${running.emulator.graphUrl}/users/${adele.id}`;
    const unauthenticated = [401, 'InvalidAuthenticationToken'];
    const bare = await ask(running.caPem, url);
    assert.deepEqual(errorOf(bare), unauthenticated);
    assert.match(bare.headers['www-authenticate'] ?? '', /^Bearer realm=""/);
    const form = { grant_type: 'client_credentials', scope: `${CONTOSO.clientId}/.default` };
    const apiToken = textMember(jsonOf(await askToken(running, form)), 'access_token');
    const [header, payload, signature] = appToken.split('.');
    const raised = Buffer.from(JSON.stringify({ aud: 'x' })).toString('base64url');
    for (const token of [apiToken, 'x', `${header}.${payload}.`, `${header}.${raised}.${signature}`]) {
      assert.deepEqual(errorOf(await call(url, {}, token)), unauthenticated);
    }
    running.clock.now += 5_400_000;
    assert.deepEqual(errorOf(await call(url)), unauthenticated);
    running.clock.now = Date.now();
  });

  it('refuses calls without permission: 403', async () => {
    const denied = [403, 'Authorization_RequestDenied'];
    const none = await tokenOfApp(NO_PERMISSION);
    assert.deepEqual(errorOf(await call(`/users/${adele.id}`, {}, none)), denied);
    assert.deepEqual(errorOf(await call(`/groups/${finance}`, {}, none)), denied);
    const admin = await tokenOfApp(ADMIN);
    assert.equal((await call(`/users/${adele.id}/getMemberGroups`, { json: {} }, admin)).status, 200);
    assert.deepEqual(errorOf(await call(`/users/${adele.id}/revokeSignInSessions`, { json: {} })), denied);
  });

  it('lets a user with User.Read see groups by id alone, of nobody else, and getMemberObjects', async () => {
    const token = await tokenOfUser(adele.username, USER_READ_ONLY);
    const own = list(await call('/me/transitiveMemberOf', {}, token));
    assert.deepEqual(own, [
      { '@odata.type': '#microsoft.graph.group', id: employees },
      { '@odata.type': '#microsoft.graph.group', id: finance },
    ]);
    assert.deepEqual(list(await call('/me/getMemberObjects', { json: { securityEnabledOnly: true } }, token)), [
      employees,
      finance,
    ]);
    assert.equal((await call('/me/getMemberGroups', { json: { securityEnabledOnly: true } }, token)).status, 403);
    assert.equal((await call(`/users/${alex.id}/transitiveMemberOf`, {}, token)).status, 403);
    const wider = await tokenOfUser(adele.username, CONTOSO.clientId);
    const named = list(await call('/me/transitiveMemberOf?$select=displayName', {}, wider));
    assert.deepEqual(
      named.map((group) => isRecord(group) && group.displayName),
      ['Employees', 'Finance'],
    );
  });

  it('revokes sessions', async () => {
    const received = await signInAs(running, createBrowser(running.caPem), alex.username, {
      scope: 'openid offline_access',
    });
    const tokens = jsonOf(await askToken(running, codeForm(received.get('code') ?? '')));
    const answer = await call(`/users/${alex.id}/revokeSignInSessions`, { method: 'POST' }, await tokenOfApp(ADMIN));
    assert.equal(jsonOf(answer).value, true);
    const form = { grant_type: 'refresh_token', refresh_token: textMember(tokens, 'refresh_token') };
    assert.deepEqual(jsonOf(await askToken(running, form)).error_codes, [50173]);
  });

  it('answers a batch, each request on its own, and 424 where a dependency failed', async () => {
    const requests = [
      { id: '1', method: 'POST', url: `/users/${adele.id}/checkMemberGroups`, body: { groupIds: [finance] } },
      { id: '2', method: 'GET', url: `/users/${randomUUID()}` },
      { id: '3', method: 'GET', url: `/groups/${finance}`, dependsOn: ['2'] },
      { id: '4', method: 'GET', url: '/users/%ff' },
    ];
    const answer = await call('/$batch', { json: { requests } });
    assert.equal(answer.status, 200);
    const { responses } = jsonOf(answer);
    assert.ok(Array.isArray(responses));
    const byId = new Map(responses.map((response) => [response.id, response]));
    assert.deepEqual(byId.get('1').body.value, [finance]);
    assert.deepEqual([byId.get('2').status, byId.get('3').status, byId.get('4').status], [404, 424, 400]);
    assert.equal((await call('/$batch', { json: { requests } }, 'x')).status, 401);
    const tooMany = Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: 'GET', url: '/me' }));
    assert.deepEqual(errorOf(await call('/$batch', { json: { requests: tooMany } })), [400, 'Request_BadRequest']);
  });

  it('echoes client-request-id', async () => {
    const id = randomUUID();
    const answer = await call(`/users/${adele.id}`, { headers: { 'client-request-id': id } });
    assert.equal(answer.headers['client-request-id'], id);
  });

  it('is also below the host that the metadata names', async () => {
    const url = `${running.emulator.origin}/v1.0/users/${adele.id}`;
    assert.equal((await call(url)).status, 200);
  });

  it('throttles, forbids, fails, challenges and goes down as it is told', async () => {
    const { breakage } = running.emulator;
    const path = `/users/${adele.id}`;
    breakage.graph429(7);
    const throttled = await call(path);
    assert.deepEqual(errorOf(throttled), [429, 'TooManyRequests']);
    assert.equal(throttled.headers['retry-after'], '7');
    const requests = [{ id: '1', method: 'GET', url: path }];
    const batched = jsonOf(await call('/$batch', { json: { requests } })).responses;
    assert.ok(Array.isArray(batched));
    assert.deepEqual([batched[0].status, batched[0].headers['retry-after']], [429, '7']);
    breakage.graph403();
    assert.deepEqual(errorOf(await call(path)), [403, 'Authorization_RequestDenied']);
    breakage.graph503();
    assert.equal((await call(path)).status, 503);
    breakage.graphClaimsChallenge('{"access_token":{}}');
    const challenged = await call(path);
    assert.equal(challenged.status, 401);
    const claims = Buffer.from('{"access_token":{}}').toString('base64');
    assert.match(
      challenged.headers['www-authenticate'] ?? '',
      new RegExp(`error="insufficient_claims", claims="${claims}"`),
    );
    breakage.down('graph');
    await assert.rejects(call(path), { code: 'ECONNRESET' });
    const metadata = `${running.emulator.origin}/${CONTOSO.tid}/v2.0/.well-known/openid-configuration`;
    assert.equal((await ask(running.caPem, metadata)).status, 200);
  });
});
