import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseTenantFile } from '../../src/emulator/directory/tenant-file.ts';

const MINIMAL = `
tid: 22222222-2222-3333-4444-555555555555
domain: fabrikam.example
groups:
  - {id: 0a1b2c3d-0000-4000-8000-000000000101, displayName: Staff}
users:
  - id: 0a1b2c3d-0000-4000-8000-000000000301
    username: bo@fabrikam.example
    displayName: Bo
    groupIds: [0a1b2c3d-0000-4000-8000-000000000101]
apps:
  - clientId: 0a1b2c3d-0000-4000-8000-000000000011
    redirectUris: [https://app.fabrikam.example/cb]
    groupMembershipClaims: SecurityGroup
    credentials: [{kind: secret, value: s3cret, expiresAt: null}]
`;

describe('a tenant file', () => {
  it('needs ids and names only; the rest is as the portal makes it', () => {
    const tenant = parseTenantFile(MINIMAL, 'fabrikam.yaml');
    assert.equal(tenant.displayName, 'fabrikam.example');
    const [user] = tenant.users;
    assert.deepEqual([user?.userPrincipalName, user?.accountEnabled, user?.guest], ['bo@fabrikam.example', true, null]);
    const [app] = tenant.apps;
    assert.deepEqual([app?.accessTokenVersion, app?.assignmentRequired, app?.logoutUrl], [2, false, null]);
    assert.deepEqual(app?.graphPermissions, { delegated: ['User.Read'], application: [] });
  });

  const mistakes = [
    ['[', /fabrikam\.yaml is not YAML: /],
    ['tid: x', /fabrikam\.yaml: the document must have required property 'domain'/],
    [MINIMAL.replace('SecurityGroup', 'Security'), /\/apps\/0\/groupMembershipClaims must be equal to one of/],
    [MINIMAL.replace('username: bo', 'user: bo'), /\/users\/0 must have required property 'username'/],
    [MINIMAL.replace('kind: secret, value: s3cret', 'kind: secret'), /\/apps\/0\/credentials\/0 must have .*'value'/],
    [MINIMAL.replace('tid: 2', 'tid: g'), /\/tid must match pattern/],
    [
      MINIMAL.replace('displayName: Bo', 'displayName: Bo\n    admin: true'),
      /\/users\/0 must NOT have additional properties/,
    ],
  ] as const;
  for (const [yaml, message] of mistakes) {
    it(`is refused with the field that is wrong: ${message.source}`, () => {
      assert.throws(() => parseTenantFile(yaml, 'fabrikam.yaml'), { code: 'emulator-tenant-file', message });
    });
  }
});
