import type { Account, Directory } from '../directory/directory.ts';
import type { EmulatorApp, EmulatorGroup } from '../directory/tenant.ts';

/** Entra: "Groups overage claim": the most groups a JWT from the token endpoint carries. */
const MAX_GROUPS = 200;
/** The same for a token that travels in a URL. */
const MAX_GROUPS_FRONT_CHANNEL = 5;

/** How a token travels: from the token endpoint, or through the browser. */
export type Channel = 'back' | 'front';

interface GroupClaimsInput {
  readonly directory: Directory;
  readonly account: Account;
  /** The app that the token is for: its manifest decides. */
  readonly app: EmulatorApp;
  readonly channel: Channel;
  /** Host in the overage URL. */
  readonly overageHost: string;
}

/** Groups assigned to the enterprise app, direct members only: nesting is not followed. */
function assignedGroups({ directory, account, app }: GroupClaimsInput): readonly EmulatorGroup[] {
  const assigned = new Set(app.assignments.map((assignment) => assignment.principalId));
  return directory.directGroups(account).filter((group) => assigned.has(group.id));
}

const written = (group: EmulatorGroup, app: EmulatorApp): string => {
  switch (app.groupClaimFormat) {
    case 'objectId':
      return group.id;
    case 'sam_account_name':
      return group.samAccountName ?? group.id;
    case 'cloud_displayname':
      return app.groupMembershipClaims === 'ApplicationGroup' ? group.displayName : group.id;
    default:
      return app.groupClaimFormat satisfies never;
  }
};

/** What `groupMembershipClaims` selects: `SecurityGroup` and `All` count the object ids of directory roles too. */
function selectedValues(input: GroupClaimsInput): readonly string[] {
  const { directory, account, app } = input;
  const roleIds = account.user.directoryRoles.map(({ id }) => id);
  const write = (groups: readonly EmulatorGroup[]) => groups.map((group) => written(group, app));
  switch (app.groupMembershipClaims) {
    case 'None':
    case 'DirectoryRole':
      return [];
    case 'SecurityGroup': {
      const security = directory.transitiveGroups(account).filter((group) => group.kind === 'security');
      return [...write(security), ...roleIds];
    }
    case 'ApplicationGroup':
      return write(assignedGroups(input));
    case 'All':
      return [...write(directory.transitiveGroups(account)), ...roleIds];
    default:
      return app.groupMembershipClaims satisfies never;
  }
}

function overage({ account, channel, overageHost }: GroupClaimsInput): Readonly<Record<string, unknown>> {
  if (channel === 'front') return { hasgroups: true };
  const root = overageHost === 'graph.windows.net' ? `${overageHost}/${account.tenant.tid}` : `${overageHost}/v1.0`;
  return {
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: `https://${root}/users/${account.user.id}/getMemberObjects` } },
  };
}

/** Values of app roles, by assignment of the user or of a group the user is a direct member of. */
function appRoles(account: Account, app: EmulatorApp): readonly string[] {
  const principals = new Set([account.user.id, ...account.user.groupIds]);
  const defined = new Set(app.appRoles.map((role) => role.value));
  const held = app.assignments.flatMap(({ principalId, role }) =>
    role !== null && principals.has(principalId) && defined.has(role) ? [role] : [],
  );
  return [...new Set(held)];
}

/**
 * `groups`, `roles`, `wids` and the overage claims of a user's token; empty claims are absent
 * (Entra: "Configure group claims for applications").
 */
export function groupClaims(input: GroupClaimsInput): Readonly<Record<string, unknown>> {
  const { account, app, channel } = input;
  const selected = selectedValues(input);
  const isOverage = selected.length > (channel === 'front' ? MAX_GROUPS_FRONT_CHANNEL : MAX_GROUPS);
  const values = isOverage ? [] : selected;
  const roles = app.emitGroupsAsRoles ? values : appRoles(account, app);
  const groups = app.emitGroupsAsRoles ? [] : values;
  const hasDirectoryRoles = app.groupMembershipClaims === 'DirectoryRole' || app.groupMembershipClaims === 'All';
  const wids = hasDirectoryRoles ? account.user.directoryRoles.map(({ templateId }) => templateId) : [];
  return {
    ...(groups.length > 0 ? { groups } : {}),
    ...(roles.length > 0 ? { roles } : {}),
    ...(wids.length > 0 ? { wids } : {}),
    ...(isOverage ? overage(input) : {}),
  };
}
