import { EntragateError } from '../../telemetry/entragate-error.ts';
import type { EmulatorApp, EmulatorGroup, EmulatorTenant, EmulatorUser } from './tenant.ts';

/** Tenant of personal Microsoft accounts, which `consumers` stands for (Entra: "OpenID Connect on the platform"). */
export const CONSUMERS_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad';

const DAY_MS = 86_400_000;

/** What the first path segment of a URL names. */
export type Authority =
  | { readonly kind: 'tenant'; readonly tenant: EmulatorTenant }
  | { readonly kind: 'common' | 'organizations' | 'consumers' };

/** A user in the directory as it is now. */
export interface Account {
  readonly tenant: EmulatorTenant;
  readonly user: EmulatorUser;
  /** Grows when sessions are revoked: what was issued in an older generation is worth nothing. */
  readonly sessionGeneration: number;
  /** Graph `signInSessionsValidFromDateTime`, ms since the epoch. */
  readonly sessionsValidFrom: number;
}

/** An app and the tenant it is registered in. */
interface RegisteredApp {
  readonly app: EmulatorApp;
  readonly homeTenantId: string;
}

/** The users, groups and apps of all tenants: the part of the emulator that tests change while it runs. */
export interface Directory {
  readonly tenants: readonly EmulatorTenant[];
  authority(segment: string): Authority | undefined;
  account(tid: string, oid: string): Account | undefined;
  /** By username, user principal name, mail address or object id, in one tenant or in all. */
  findAccount(name: string, tid: string | null): Account | undefined;
  accounts(tid: string): readonly Account[];
  app(clientId: string): RegisteredApp | undefined;
  /** By client id, `api://<clientId>` or a registered App ID URI, with or without a trailing slash. */
  resourceApp(identifier: string): RegisteredApp | undefined;
  directGroups(account: Account): readonly EmulatorGroup[];
  transitiveGroups(account: Account): readonly EmulatorGroup[];
  update(name: string, change: Partial<Pick<EmulatorUser, 'groupIds' | 'accountEnabled'>>): void;
  revokeSessions(name: string): void;
}

const accountKey = (tid: string, oid: string) => `${tid}/${oid}`.toLowerCase();

const isNamed = ({ user }: Account, name: string) =>
  [user.username, user.userPrincipalName, user.email, user.id].some(
    (candidate) => candidate?.toLowerCase() === name.toLowerCase(),
  );

function groupsOf(tenant: EmulatorTenant, ids: readonly string[]): readonly EmulatorGroup[] {
  return tenant.groups.filter((group) => ids.includes(group.id));
}

function transitiveGroupsOf(tenant: EmulatorTenant, directIds: readonly string[]): readonly EmulatorGroup[] {
  const byId = new Map(tenant.groups.map((group) => [group.id, group]));
  const reached = new Set<string>();
  const pending = [...directIds];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const group = byId.get(id);
    if (group === undefined || reached.has(id)) continue;
    reached.add(id);
    pending.push(...group.memberOf);
  }
  return tenant.groups.filter((group) => reached.has(group.id));
}

function identifiersOf(app: EmulatorApp): readonly string[] {
  return [app.clientId, `api://${app.clientId}`, ...app.identifierUris];
}

/** @param now ms since the epoch */
export function createDirectory(tenants: readonly EmulatorTenant[], now: () => number): Directory {
  const apps: readonly RegisteredApp[] = tenants.flatMap((tenant) =>
    tenant.apps.map((app) => ({ app, homeTenantId: tenant.tid })),
  );
  const accounts = new Map<string, Account>(
    tenants.flatMap((tenant) =>
      tenant.users.map((user): [string, Account] => [
        accountKey(tenant.tid, user.id),
        { tenant, user, sessionGeneration: 0, sessionsValidFrom: now() - DAY_MS },
      ]),
    ),
  );

  const findAccount = (name: string, tid: string | null) =>
    accounts.values().find((account) => (tid === null || account.tenant.tid === tid) && isNamed(account, name));
  const requireAccount = (name: string) => {
    const account = findAccount(name, null);
    if (account !== undefined) return account;
    throw new EntragateError('emulator-unknown-user', `No tenant of the emulator has a user '${name}'.`);
  };
  const replace = (account: Account) => accounts.set(accountKey(account.tenant.tid, account.user.id), account);

  return {
    tenants,
    authority: (segment) => {
      const name = segment.toLowerCase();
      if (name === 'common' || name === 'organizations') return { kind: name };
      if (name === 'consumers' || name === CONSUMERS_TENANT_ID) return { kind: 'consumers' };
      const tenant = tenants.find((each) => each.tid.toLowerCase() === name || each.domain.toLowerCase() === name);
      return tenant === undefined ? undefined : { kind: 'tenant', tenant };
    },
    account: (tid, oid) => accounts.get(accountKey(tid, oid)),
    findAccount,
    accounts: (tid) => [...accounts.values().filter((account) => account.tenant.tid === tid)],
    app: (clientId) => apps.find(({ app }) => app.clientId.toLowerCase() === clientId.toLowerCase()),
    resourceApp: (identifier) => {
      const wanted = identifier.replace(/\/$/, '').toLowerCase();
      return apps.find(({ app }) =>
        identifiersOf(app).some((known) => known.replace(/\/$/, '').toLowerCase() === wanted),
      );
    },
    directGroups: ({ tenant, user }) => groupsOf(tenant, user.groupIds),
    transitiveGroups: ({ tenant, user }) => transitiveGroupsOf(tenant, user.groupIds),
    update: (name, change) => {
      const account = requireAccount(name);
      const unknown = change.groupIds?.find((id) => !account.tenant.groups.some((group) => group.id === id));
      if (unknown !== undefined) {
        throw new EntragateError(
          'emulator-unknown-group',
          `Tenant ${account.tenant.domain} of the emulator has no group with the id '${unknown}'.`,
        );
      }
      replace({ ...account, user: { ...account.user, ...change } });
    },
    revokeSessions: (name) => {
      const account = requireAccount(name);
      replace({ ...account, sessionGeneration: account.sessionGeneration + 1, sessionsValidFrom: now() });
    },
  };
}
