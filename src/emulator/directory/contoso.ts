import {
  createEmulatorApp,
  createEmulatorGroup,
  createEmulatorUser,
  type EmulatorApp,
  type EmulatorGroup,
  type EmulatorTenant,
} from './tenant.ts';

/** Ids of the sample tenant: the same in every start, so that manifests and examples can name them. */
export const CONTOSO = {
  tid: '11111111-2222-3333-4444-555555555555',
  domain: 'contoso.example',
  clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  groups: {
    finance: 'e14f56fd-b956-4009-b06c-dc8a5e9207c8',
    employees: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  },
  users: {
    adele: { id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd', username: 'adele@contoso.example' },
    alex: { id: '4782e723-f4f4-4af3-a76e-25e3bab0d896', username: 'alex@contoso.example' },
    megan: { id: '48d31887-5fad-4d73-a9f5-3c356e68a038', username: 'megan@contoso.example' },
    gary: { id: 'c03e6eaa-b6ab-46d7-905b-73ec7ea1f755', username: 'gary@contoso.example' },
  },
  /** Where the guest Gary comes from. */
  homeTenantOfGary: '99999999-8888-7777-6666-555555555555',
} as const;

/** Past the 200 groups that a JWT may carry (Entra: "Groups overage claim"). */
const PROJECT_GROUPS = 250;

const projectGroups: readonly EmulatorGroup[] = Array.from({ length: PROJECT_GROUPS }, (_, index) => {
  const number = String(index + 1).padStart(3, '0');
  return createEmulatorGroup({ id: `5a3b1c00-0000-4000-8000-000000000${number}`, displayName: `Project ${number}` });
});

export interface ContosoOptions {
  /** Default: `CONTOSO.clientId`. */
  readonly clientId?: string;
  readonly redirectUris: readonly string[];
  readonly clientSecret: string;
  /** Anything else of the registration, over the defaults of the sample app. */
  readonly app?: Partial<EmulatorApp>;
}

/**
 * The sample tenant `contoso.example`: Adele (Employees, Finance), Alex (Employees), Megan (both and 250 more:
 * overage) and Gary, a guest without groups. Its app issues the security groups of the user, object ids.
 * @example startEmulator({ tenants: [contoso({ redirectUris, clientSecret })], port: 0, tls })
 */
export const contoso = (options: ContosoOptions): EmulatorTenant => {
  const { finance, employees } = CONTOSO.groups;
  const { adele, alex, megan, gary } = CONTOSO.users;
  return {
    tid: CONTOSO.tid,
    domain: CONTOSO.domain,
    displayName: 'Contoso',
    groups: [
      createEmulatorGroup({ id: employees, displayName: 'Employees' }),
      createEmulatorGroup({ id: finance, displayName: 'Finance' }),
      ...projectGroups,
    ],
    users: [
      createEmulatorUser({ ...adele, displayName: 'Adele Vance', groupIds: [employees, finance] }),
      createEmulatorUser({ ...alex, displayName: 'Alex Wilber', groupIds: [employees] }),
      createEmulatorUser({
        ...megan,
        displayName: 'Megan Bowen',
        groupIds: [employees, finance, ...projectGroups.map((group) => group.id)],
      }),
      createEmulatorUser({
        ...gary,
        displayName: 'Gary Guest',
        userPrincipalName: `gary_fabrikam.example#EXT#@${CONTOSO.domain}`,
        email: 'gary@fabrikam.example',
        guest: {
          homeTenantId: CONTOSO.homeTenantOfGary,
          identityProvider: `https://sts.windows.net/${CONTOSO.homeTenantOfGary}/`,
        },
      }),
    ],
    apps: [
      createEmulatorApp({
        clientId: options.clientId ?? CONTOSO.clientId,
        displayName: 'Entragate sample',
        redirectUris: options.redirectUris,
        credentials: [{ kind: 'secret', value: options.clientSecret, expiresAt: null }],
        groupMembershipClaims: 'SecurityGroup',
        graphPermissions: {
          delegated: ['User.Read', 'GroupMember.Read.All'],
          application: ['User.Read.All', 'GroupMember.Read.All'],
        },
        ...options.app,
      }),
    ],
  };
};
