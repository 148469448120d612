import assert from 'node:assert/strict';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { after, before, describe, it } from 'mocha';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import {
  createEmulatorApp,
  createEmulatorGroup,
  createEmulatorUser,
  type EmulatorApp,
  type EmulatorTenant,
} from '../../src/emulator/directory/tenant.ts';
import {
  askToken,
  CLIENT_SECRET,
  codeForm,
  createBrowser,
  idTokenOf,
  jsonOf,
  REDIRECT_URI,
  type Running,
  signInAs,
  startContoso,
  textMember,
} from './emulator-client.ts';

const { adele, alex, megan, gary } = CONTOSO.users;
const { employees, finance } = CONTOSO.groups;

const id = (number: number) => `0a1b2c3d-0000-4000-8000-${String(number).padStart(12, '0')}`;
const registered = {
  redirectUris: [REDIRECT_URI],
  credentials: [{ kind: 'secret', value: CLIENT_SECRET, expiresAt: null }],
} as const;
const group = {
  outer: id(101),
  inner: id(102),
  assigned: id(103),
  list: id(104),
  named: id(105),
  sixth: id(106),
} as const;
const role = { id: id(201), value: 'Ledger.Approve' } as const;
const robin = { id: id(301), username: 'robin@wing.example', displayName: 'Robin' } as const;
const WING = id(1);

const app = {
  plain: id(11),
  all: id(12),
  assigned: id(13),
  roles: id(14),
  named: id(15),
  directory: id(16),
  implicit: id(17),
  emitted: id(18),
  sam: id(19),
} as const;

const assignments = [
  { principalId: group.assigned, role: null },
  { principalId: group.outer, role: null },
] as const;

const wingApp = (clientId: string, fields: Partial<EmulatorApp>) =>
  createEmulatorApp({ ...registered, clientId, ...fields });

/** A tenant with nested, mail-enabled and assigned groups. */
const wing: EmulatorTenant = {
  tid: WING,
  domain: 'wing.example',
  displayName: 'Wing',
  users: [
    createEmulatorUser({
      ...robin,
      groupIds: [group.inner, group.assigned, group.list, group.named],
      directoryRoles: [{ id: id(400), templateId: id(401) }],
    }),
  ],
  groups: [
    createEmulatorGroup({ id: group.outer, displayName: 'Outer' }),
    createEmulatorGroup({ id: group.inner, displayName: 'Inner', memberOf: [group.outer] }),
    createEmulatorGroup({ id: group.assigned, displayName: 'Assigned' }),
    createEmulatorGroup({ id: group.list, displayName: 'List', kind: 'distribution' }),
    createEmulatorGroup({ id: group.named, displayName: 'Named', samAccountName: 'WING-Named' }),
    createEmulatorGroup({ id: group.sixth, displayName: 'Sixth' }),
  ],
  apps: [
    wingApp(app.plain, { groupMembershipClaims: 'None' }),
    wingApp(app.all, { groupMembershipClaims: 'All' }),
    wingApp(app.assigned, { groupMembershipClaims: 'ApplicationGroup', assignments }),
    wingApp(app.roles, { appRoles: [role], assignments: [{ principalId: group.assigned, role: role.value }] }),
    wingApp(app.named, {
      groupMembershipClaims: 'ApplicationGroup',
      assignments,
      groupClaimFormat: 'cloud_displayname',
    }),
    wingApp(app.directory, { groupMembershipClaims: 'DirectoryRole' }),
    wingApp(app.implicit, {
      groupMembershipClaims: 'SecurityGroup',
      implicitGrant: { idToken: true, accessToken: false },
    }),
    wingApp(app.emitted, {
      groupMembershipClaims: 'SecurityGroup',
      emitGroupsAsRoles: true,
      appRoles: [role],
      assignments: [{ principalId: robin.id, role: role.value }],
    }),
    wingApp(app.sam, { groupMembershipClaims: 'SecurityGroup', groupClaimFormat: 'sam_account_name' }),
  ],
};

describe('tokens of the emulator', () => {
  let running: Running;
  const api = id(21);
  const apiV1 = id(22);
  const guarded = id(23);

  before(async () => {
    running = await startContoso(
      {
        accessTokenVersion: 2,
        appRoles: [role],
      },
      {
        tenants: [wing],
        apps: [
          createEmulatorApp({ ...registered, clientId: id(2) }),
          createEmulatorApp({
            ...registered,
            clientId: id(3),
            optionalClaims: {
              idToken: ['acct', 'auth_time', 'email', 'login_hint', 'sid', 'upn', 'xms_edov'],
              accessToken: [],
            },
          }),
          createEmulatorApp({
            clientId: api,
            exposedScopes: ['access_as_user', 'admin'],
            groupMembershipClaims: 'SecurityGroup',
            optionalClaims: { idToken: [], accessToken: ['idtyp', 'acct'] },
            appRoles: [role],
            assignments: [{ principalId: CONTOSO.clientId, role: role.value }],
          }),
          createEmulatorApp({
            clientId: apiV1,
            identifierUris: ['https://ledger.contoso.example/'],
            exposedScopes: ['access_as_user'],
            accessTokenVersion: 1,
          }),
          createEmulatorApp({ clientId: guarded, assignmentRequired: true }),
        ],
      },
    );
  });
  after(() => running.emulator.close());

  const accessTokenOf = async (username: string, scope: string) => {
    const received = await signInAs(running, createBrowser(running.caPem), username, { scope });
    const tokens = jsonOf(await askToken(running, codeForm(received.get('code') ?? '')));
    return textMember(tokens, 'access_token');
  };
  const robinsToken = async (clientId: string): Promise<JWTPayload> => {
    const parameters = { tenant: WING, client_id: clientId };
    const received = await signInAs(running, createBrowser(running.caPem), robin.username, parameters);
    const form = { ...codeForm(received.get('code') ?? ''), client_id: clientId };
    return decodeJwt(textMember(jsonOf(await askToken(running, form, { tenant: WING })), 'id_token'));
  };

  describe('for signing in', () => {
    it('are dated back five minutes and end an hour from now', async () => {
      const { iat, nbf, exp } = await idTokenOf(running, adele.username);
      const now = Math.floor(running.clock.now / 1000);
      assert.deepEqual([iat, nbf, exp], [now - 300, now - 300, now + 3600]);
    });

    it('carry what Entra v2.0 issues by default, and no more', async () => {
      const claims = await idTokenOf(running, alex.username);
      assert.deepEqual(Object.keys(claims).sort(), [
        ...['aio', 'aud', 'exp', 'groups', 'iat', 'iss', 'name', 'nbf', 'nonce', 'oid', 'preferred_username'],
        ...['rh', 'sub', 'tid', 'uti', 'ver'],
      ]);
      assert.equal(claims.aud, CONTOSO.clientId);
      assert.equal(claims.ver, '2.0');
    });

    it('have no nonce when none was sent, and no hash', async () => {
      const claims = await idTokenOf(running, adele.username, { nonce: undefined });
      assert.ok(!('nonce' in claims) && !('at_hash' in claims) && !('c_hash' in claims));
    });

    it('name the user only with the scope profile, the address only with email', async () => {
      const bare = await idTokenOf(running, adele.username, { scope: 'openid' });
      assert.ok(!('oid' in bare) && !('name' in bare) && !('preferred_username' in bare) && !('email' in bare));
      assert.equal(bare.tid, CONTOSO.tid);
      const full = await idTokenOf(running, adele.username, { scope: 'openid profile email' });
      assert.deepEqual([full.oid, full.email], [adele.id, adele.username]);
    });

    it('have a pairwise sub: stable for an app, different between apps and users', async () => {
      const [first, again, other, colleague] = await Promise.all([
        idTokenOf(running, adele.username),
        idTokenOf(running, adele.username),
        idTokenOf(running, adele.username, { client_id: id(2) }).catch(() => null),
        idTokenOf(running, alex.username),
      ]);
      assert.match(first.sub ?? '', /^[A-Za-z0-9_-]{43}$/);
      assert.equal(first.sub, again.sub);
      assert.notEqual(first.sub, colleague.sub);
      assert.equal(other, null, 'the code of one app is worth nothing to another');
      const received = await signInAs(running, createBrowser(running.caPem), adele.username, { client_id: id(2) });
      const tokens = jsonOf(await askToken(running, { ...codeForm(received.get('code') ?? ''), client_id: id(2) }));
      assert.notEqual(decodeJwt(textMember(tokens, 'id_token')).sub, first.sub);
    });

    it('carry optional claims where the app lists them', async () => {
      const received = await signInAs(running, createBrowser(running.caPem), adele.username, { client_id: id(3) });
      const tokens = jsonOf(await askToken(running, { ...codeForm(received.get('code') ?? ''), client_id: id(3) }));
      const claims = decodeJwt(textMember(tokens, 'id_token'));
      assert.deepEqual(
        [claims.acct, claims.email, claims.upn, claims.xms_edov],
        [0, adele.username, adele.username, true],
      );
      assert.equal(claims.auth_time, Math.floor(running.clock.now / 1000));
      assert.equal(claims.sid, received.get('session_state'));
      assert.equal(typeof claims.login_hint, 'string');
    });

    it('tell a guest by idp and email, and by acct where asked', async () => {
      const claims = await idTokenOf(running, gary.username);
      assert.equal(claims.idp, `https://sts.windows.net/${CONTOSO.homeTenantOfGary}/`);
      assert.equal(claims.email, 'gary@fabrikam.example');
      assert.equal(claims.tid, CONTOSO.tid);
      assert.ok(!('groups' in claims) && !('acct' in claims));
      const received = await signInAs(running, createBrowser(running.caPem), gary.username, { client_id: id(3) });
      const tokens = jsonOf(await askToken(running, { ...codeForm(received.get('code') ?? ''), client_id: id(3) }));
      const asked = decodeJwt(textMember(tokens, 'id_token'));
      assert.equal(asked.acct, 1);
      assert.ok(!('upn' in asked));
    });
  });

  describe('carry groups', () => {
    it('that are security groups of the user, as object ids', async () => {
      assert.deepEqual((await idTokenOf(running, adele.username)).groups, [employees, finance]);
    });

    it('of now: a change shows in the next token', async () => {
      running.emulator.setMembership(alex.username, [finance]);
      assert.deepEqual((await idTokenOf(running, alex.username)).groups, [finance]);
      running.emulator.setMembership(alex.username, []);
      assert.ok(!('groups' in (await idTokenOf(running, alex.username))));
      running.emulator.setMembership(alex.username, [employees]);
      assert.throws(() => running.emulator.setMembership(alex.username, [id(999)]), { code: 'emulator-unknown-group' });
      assert.throws(() => running.emulator.setMembership('nobody', []), { code: 'emulator-unknown-user' });
    });

    it('or, past 200, none and the claims of overage', async () => {
      const claims = await idTokenOf(running, megan.username);
      assert.ok(!('groups' in claims) && !('hasgroups' in claims));
      assert.deepEqual(claims._claim_names, { groups: 'src1' });
      const legacy = `https://graph.windows.net/${CONTOSO.tid}/users/${megan.id}/getMemberObjects`;
      assert.deepEqual(claims._claim_sources, { src1: { endpoint: legacy } });
      running.emulator.breakage.overageHost('graph.microsoft.com');
      const documented = `https://graph.microsoft.com/v1.0/users/${megan.id}/getMemberObjects`;
      const later = await idTokenOf(running, megan.username);
      running.emulator.breakage.reset();
      assert.deepEqual(later._claim_sources, { src1: { endpoint: documented } });
    });

    it('exactly 200 of them still', async () => {
      const projects = Array.from(
        { length: 199 },
        (_, n) => `5a3b1c00-0000-4000-8000-000000000${String(n + 1).padStart(3, '0')}`,
      );
      running.emulator.setMembership(megan.username, [employees, ...projects]);
      const { groups } = await idTokenOf(running, megan.username);
      assert.ok(Array.isArray(groups));
      assert.equal(groups.length, 200);
      running.emulator.setMembership(megan.username, [employees, finance, ...projects]);
      assert.ok('_claim_names' in (await idTokenOf(running, megan.username)));
    });

    it('in a front-channel token five at most, then hasgroups', async () => {
      const frontChannelToken = async () => {
        const received = await signInAs(running, createBrowser(running.caPem), robin.username, {
          ...{ tenant: WING, client_id: app.implicit, response_type: 'id_token' },
        });
        return decodeJwt(received.get('id_token') ?? '');
      };
      const within = await frontChannelToken();
      assert.ok(Array.isArray(within.groups));
      assert.equal(within.groups.length, 5);
      const memberships = [group.inner, group.assigned, group.list, group.named];
      running.emulator.setMembership(robin.username, [...memberships, group.sixth]);
      const past = await frontChannelToken();
      running.emulator.setMembership(robin.username, memberships);
      assert.equal(past.hasgroups, true);
      assert.ok(!('groups' in past) && !('_claim_names' in past));
    });

    it('by the mode of the app: none, all kinds, those assigned directly, directory roles', async () => {
      assert.ok(!('groups' in (await robinsToken(app.plain))));
      const all = await robinsToken(app.all);
      assert.deepEqual(all.groups, [group.outer, group.inner, group.assigned, group.list, group.named, id(400)]);
      assert.deepEqual(all.wids, [id(401)]);
      assert.deepEqual((await robinsToken(app.assigned)).groups, [group.assigned]);
      const directory = await robinsToken(app.directory);
      assert.deepEqual(directory.wids, [id(401)]);
      assert.ok(!('groups' in directory));
    });

    it('by name, or as roles, where the app says so', async () => {
      assert.deepEqual((await robinsToken(app.named)).groups, ['Assigned']);
      const sam = await robinsToken(app.sam);
      assert.ok(Array.isArray(sam.groups) && sam.groups.includes('WING-Named') && sam.groups.includes(group.outer));
      assert.deepEqual((await robinsToken(app.roles)).roles, [role.value]);
      const emitted = await robinsToken(app.emitted);
      assert.deepEqual(emitted.roles, [group.outer, group.inner, group.assigned, group.named, id(400)]);
      assert.ok(!('groups' in emitted));
    });
  });

  describe('for an API', () => {
    it('of version 2.0: its GUID as audience, scp, azp, and its own groups', async () => {
      const claims = decodeJwt(await accessTokenOf(adele.username, `openid profile api://${api}/access_as_user`));
      assert.equal(claims.aud, api);
      assert.equal(claims.iss, `${running.emulator.origin}/${CONTOSO.tid}/v2.0`);
      assert.deepEqual([claims.scp, claims.azp, claims.azpacr], ['access_as_user', CONTOSO.clientId, '1']);
      assert.deepEqual(claims.groups, [employees, finance]);
      assert.equal(claims.acct, 0);
      assert.ok(!('nonce' in claims) && !('idtyp' in claims));
    });

    it('names user and tenant only with the scope profile', async () => {
      const claims = decodeJwt(await accessTokenOf(adele.username, `openid api://${api}/access_as_user`));
      assert.ok(!('oid' in claims) && !('tid' in claims) && !('name' in claims));
      assert.equal(claims.iss, `${running.emulator.origin}/${CONTOSO.tid}/v2.0`);
    });

    it('of version 1.0: its URI as audience, the older issuer and names', async () => {
      const token = await accessTokenOf(adele.username, `openid profile api://${apiV1}/access_as_user`);
      const claims = decodeJwt(token);
      assert.equal(claims.aud, 'https://ledger.contoso.example/');
      assert.equal(claims.iss, `${running.emulator.origin}/${CONTOSO.tid}/`);
      assert.deepEqual([claims.appid, claims.unique_name, claims.ver], [CONTOSO.clientId, adele.username, '1.0']);
      assert.ok(!('azp' in claims) && !('preferred_username' in claims));
      const header = decodeProtectedHeader(token);
      assert.equal(header.x5t, header.kid);
    });

    it('of an app: roles and idtyp, no scp, groups or name', async () => {
      const form = { grant_type: 'client_credentials', scope: `api://${api}/.default` };
      const claims = decodeJwt(textMember(jsonOf(await askToken(running, form)), 'access_token'));
      assert.deepEqual([claims.roles, claims.idtyp, claims.aud], [[role.value], 'app', api]);
      assert.equal(claims.sub, claims.oid);
      assert.ok(!('scp' in claims) && !('groups' in claims) && !('name' in claims));
    });

    it('without roles for any app, unless assignment is required', async () => {
      const form = { grant_type: 'client_credentials' };
      const unguarded = await askToken(running, { ...form, scope: `${CONTOSO.clientId}/.default` });
      assert.ok(!('roles' in decodeJwt(textMember(jsonOf(unguarded), 'access_token'))));
      const refused = await askToken(running, { ...form, scope: `${guarded}/.default` });
      assert.deepEqual(jsonOf(refused).error_codes, [501051]);
    });
  });

  it('for Graph are opaque: their signature does not verify by the published keys', async () => {
    const token = await accessTokenOf(adele.username, 'openid User.Read');
    const header = decodeProtectedHeader(token);
    assert.equal(typeof header.nonce, 'string');
    const { createRemoteJWKSet, jwtVerify, customFetch } = await import('jose');
    const { Agent, fetch } = await import('undici');
    const agent = new Agent({ connect: { ca: running.caPem } });
    const keys = createRemoteJWKSet(new URL(`${running.emulator.origin}/common/discovery/v2.0/keys`), {
      [customFetch]: async (url: string) => {
        const answer = await fetch(url, { dispatcher: agent });
        return new Response(await answer.text(), { status: answer.status });
      },
    });
    await assert.rejects(jwtVerify(token, keys), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    await agent.close();
  });
});
