import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import { EntragateError } from '../../telemetry/entragate-error.ts';
import { createEmulatorApp, createEmulatorGroup, createEmulatorUser, type EmulatorTenant } from './tenant.ts';

/** What a tenant file must hold; everything else has the default of `createEmulatorApp` and its siblings. */
interface TenantFile extends Pick<EmulatorTenant, 'tid' | 'domain'> {
  readonly displayName?: string;
  readonly users: readonly Parameters<typeof createEmulatorUser>[0][];
  readonly groups?: readonly Parameters<typeof createEmulatorGroup>[0][];
  readonly apps: readonly Parameters<typeof createEmulatorApp>[0][];
}

const text = { type: 'string', minLength: 1 };
const guid = { type: 'string', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' };
const flag = { type: 'boolean' };
const list = (items: object) => ({ type: 'array', items });
const optional = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const oneOf = (...values: readonly (string | number)[]) => ({ enum: values });
const record = (required: readonly string[], properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});

const optionalClaims = list(
  oneOf('acct', 'acrs', 'auth_time', 'email', 'idtyp', 'login_hint', 'sid', 'upn', 'xms_edov'),
);

const credential = {
  type: 'object',
  discriminator: { propertyName: 'kind' },
  required: ['kind'],
  oneOf: [
    record(['kind', 'value', 'expiresAt'], {
      kind: { const: 'secret' },
      value: text,
      expiresAt: optional({ type: 'number' }),
    }),
    record(['kind', 'certPem'], { kind: { const: 'certificate' }, certPem: text }),
    record(['kind', 'issuer', 'subject', 'audience', 'jwks'], {
      ...{ kind: { const: 'federated' }, issuer: text, subject: text, audience: text },
      jwks: { type: 'object', required: ['keys'], properties: { keys: list({ type: 'object' }) } },
    }),
  ],
};

const user = record(['id', 'username', 'displayName'], {
  ...{ id: guid, username: text, displayName: text, userPrincipalName: text, email: optional(text) },
  ...{ groupIds: list(guid), accountEnabled: flag },
  directoryRoles: list(record(['id', 'templateId'], { id: guid, templateId: guid })),
  guest: optional(record(['homeTenantId', 'identityProvider'], { homeTenantId: guid, identityProvider: text })),
});

const group = record(['id', 'displayName'], {
  ...{ id: guid, displayName: text, kind: oneOf('security', 'microsoft365', 'distribution') },
  ...{ memberOf: list(guid), samAccountName: optional(text) },
});

const app = record(['clientId'], {
  ...{ clientId: guid, displayName: text, redirectUris: list(text), logoutUrl: optional(text) },
  ...{
    signInAudience: oneOf('AzureADMyOrg', 'AzureADMultipleOrgs'),
    credentials: list(credential),
    isPublicClient: flag,
  },
  implicitGrant: record(['idToken', 'accessToken'], { idToken: flag, accessToken: flag }),
  ...{ identifierUris: list(text), accessTokenVersion: oneOf(1, 2), exposedScopes: list(text) },
  groupMembershipClaims: oneOf('None', 'SecurityGroup', 'ApplicationGroup', 'All', 'DirectoryRole'),
  groupClaimFormat: oneOf('objectId', 'sam_account_name', 'cloud_displayname'),
  emitGroupsAsRoles: flag,
  optionalClaims: record(['idToken', 'accessToken'], { idToken: optionalClaims, accessToken: optionalClaims }),
  appRoles: list(record(['id', 'value'], { id: guid, value: text })),
  assignments: list(record(['principalId', 'role'], { principalId: guid, role: optional(text) })),
  assignmentRequired: flag,
  graphPermissions: record(['delegated', 'application'], { delegated: list(text), application: list(text) }),
});

const schema = record(['tid', 'domain', 'users', 'apps'], {
  ...{ tid: guid, domain: text, displayName: text, users: list(user), groups: list(group), apps: list(app) },
});

const isTenantFile = new Ajv({ discriminator: true }).compile<TenantFile>(schema);

/**
 * Reads a tenant from YAML: the fields of `EmulatorTenant`, with defaults for all but ids and names.
 * @param source where the text is from, for messages
 * @throws EntragateError `emulator-tenant-file` with the field that is wrong
 */
export function parseTenantFile(yaml: string, source: string): EmulatorTenant {
  const document = parseDocument(yaml);
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined) {
    throw new EntragateError('emulator-tenant-file', `${source} is not YAML: ${syntaxError.message}`);
  }
  const file: unknown = document.toJS();
  if (!isTenantFile(file)) {
    const [problem] = isTenantFile.errors ?? [];
    throw new EntragateError(
      'emulator-tenant-file',
      `${source}: ${problem?.instancePath || 'the document'} ${problem?.message ?? 'is wrong'}. docs/emulator.md shows a tenant file.`,
    );
  }
  return {
    tid: file.tid,
    domain: file.domain,
    displayName: file.displayName ?? file.domain,
    users: file.users.map(createEmulatorUser),
    groups: (file.groups ?? []).map(createEmulatorGroup),
    apps: file.apps.map(createEmulatorApp),
  };
}
