import type { Account, Directory } from './directory.ts';
import type { EmulatorApp, EmulatorGroup } from './tenant.ts';

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

/** Object ids that `groupMembershipClaims` selects; "security groups and Entra roles" come together. */
function selectedGroups(input: GroupClaimsInput): readonly EmulatorGroup[] {
  const mode = input.app.groupMembershipClaims;
  switch (mode) {
    case 'None':
    case 'DirectoryRole':
      return [];
    case 'SecurityGroup':
      return input.directory.transitiveGroups(input.account).filter((group) => group.kind === 'security');
    case 'ApplicationGroup':
      return assignedGroups(input);
    case 'All':
      return input.directory.transitiveGroups(input.account);
    default:
      return mode satisfies never;
  }
}

function written(group: EmulatorGroup, app: EmulatorApp): string {
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
  const selected = selectedGroups(input);
  const isOverage = selected.length > (channel === 'front' ? MAX_GROUPS_FRONT_CHANNEL : MAX_GROUPS);
  const values = isOverage ? [] : selected.map((group) => written(group, app));
  const roles = app.emitGroupsAsRoles ? values : appRoles(account, app);
  const groups = app.emitGroupsAsRoles ? [] : values;
  const hasDirectoryRoles = app.groupMembershipClaims === 'DirectoryRole' || app.groupMembershipClaims === 'All';
  const wids = hasDirectoryRoles ? account.user.directoryRoleIds : [];
  return {
    ...(groups.length > 0 ? { groups } : {}),
    ...(roles.length > 0 ? { roles } : {}),
    ...(wids.length > 0 ? { wids } : {}),
    ...(isOverage ? overage(input) : {}),
  };
}
