import type { Account, Directory } from '../directory/directory.ts';
import type { EmulatorGroup } from '../directory/tenant.ts';
import { isJsonObject } from '../json-object.ts';
import { badRequest, type GraphResult, ok, refused } from './graph-answer.ts';

/** Most ids in one checkMemberGroups call. */
const MAX_CHECKED = 20;
/** Most ids in one getMemberGroups answer. */
const MAX_RESULT = 11_000;
const DEFAULT_PAGE = 100;
const MAX_PAGE = 999;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const strings = (origin: string, value: readonly string[]): GraphResult =>
  ok({ '@odata.context': `${origin}/graph/v1.0/$metadata#Collection(Edm.String)`, value });

const member = (body: unknown, name: string): unknown => (isJsonObject(body) ? body[name] : undefined);

/** `POST checkMemberGroups`: the ids of `groupIds` that the user is a member of, transitively. */
export function checkMemberGroups(origin: string, groups: readonly EmulatorGroup[], body: unknown): GraphResult {
  const asked: unknown = member(body, 'groupIds');
  if (!Array.isArray(asked) || !asked.every((id) => typeof id === 'string')) {
    return badRequest("A value must be provided for 'groupIds'.");
  }
  if (asked.length > MAX_CHECKED) return badRequest(`The number of values in 'groupIds' exceeds ${MAX_CHECKED}.`);
  const invalid = asked.find((id) => !GUID.test(id));
  if (invalid !== undefined) return badRequest(`Invalid GUID: '${invalid}'.`);
  const wanted = new Set(asked.map((id) => id.toLowerCase()));
  return strings(
    origin,
    groups.map((group) => group.id).filter((id) => wanted.has(id.toLowerCase())),
  );
}

/** `POST getMemberGroups` and `getMemberObjects`; `securityEnabledOnly` leaves out all but security groups. */
export function getMembers(
  origin: string,
  groups: readonly EmulatorGroup[],
  otherIds: readonly string[],
  body: unknown,
): GraphResult {
  const isSecurityOnly: unknown = member(body, 'securityEnabledOnly') ?? false;
  if (typeof isSecurityOnly !== 'boolean') return badRequest("A Boolean must be provided for 'securityEnabledOnly'.");
  const ids = groups.filter((group) => !isSecurityOnly || group.kind === 'security').map((group) => group.id);
  if (ids.length > MAX_RESULT) {
    return refused(400, 'Directory_ResultSizeLimitExceeded', 'The specified query resulted in too many results.');
  }
  return strings(origin, isSecurityOnly ? ids : [...ids, ...otherIds]);
}

interface DirectoryObject {
  readonly '@odata.type': string;
  readonly id: string;
  readonly [property: string]: unknown;
}

export const groupObject = (group: EmulatorGroup): DirectoryObject => ({
  '@odata.type': '#microsoft.graph.group',
  id: group.id,
  displayName: group.displayName,
  securityEnabled: group.kind === 'security',
  mailEnabled: group.kind !== 'security',
  groupTypes: group.kind === 'microsoft365' ? ['Unified'] : [],
  onPremisesSamAccountName: group.samAccountName,
});

/** The properties that `$select` names, the type always; all without it. */
export function select(object: DirectoryObject, query: URLSearchParams): object {
  const names = query.get('$select')?.split(',');
  if (names === undefined) return object;
  const wanted = new Set(['@odata.type', ...names.map((name) => name.trim())]);
  return Object.fromEntries(Object.entries(object).filter(([name]) => wanted.has(name)));
}

/**
 * One page of `objects`: `$top` (default 100, at most 999) from `$skiptoken` on, with `@odata.nextLink` when there is more.
 * @param address of the collection, without a query
 */
export function pageOf(
  context: string,
  address: string,
  objects: readonly DirectoryObject[],
  query: URLSearchParams,
): GraphResult {
  const top = Number(query.get('$top') ?? DEFAULT_PAGE);
  const start = Number(query.get('$skiptoken') ?? 0);
  if (!Number.isInteger(top) || top < 1 || top > MAX_PAGE) return badRequest(`Invalid page size specified: '${top}'.`);
  if (!Number.isInteger(start) || start < 0) return badRequest('Invalid skip token.');
  const next = new URLSearchParams(query);
  next.set('$skiptoken', String(start + top));
  return ok({
    '@odata.context': context,
    ...(start === 0 && query.get('$count') === 'true' ? { '@odata.count': objects.length } : {}),
    ...(start + top < objects.length ? { '@odata.nextLink': `${address}?${next}` } : {}),
    value: objects.slice(start, start + top).map((object) => select(object, query)),
  });
}

/** What the user is a member of, transitively: groups, then directory roles. */
export function memberOfObjects(directory: Directory, account: Account): readonly DirectoryObject[] {
  return [
    ...directory.transitiveGroups(account).map(groupObject),
    ...account.user.directoryRoles.map(({ id, templateId }) => ({
      '@odata.type': '#microsoft.graph.directoryRole',
      id,
      roleTemplateId: templateId,
    })),
  ];
}

/** Without a permission to read them, Graph lists objects by type and id alone ("limited information"). */
export const limited = (objects: readonly DirectoryObject[]): readonly DirectoryObject[] =>
  objects.map(({ '@odata.type': type, id }) => ({ '@odata.type': type, id }));

/** A user as `GET /users/{id}` returns it; what is not returned by default comes with `$select`. */
export function userObject(account: Account, query: URLSearchParams): object {
  const { user, sessionsValidFrom } = account;
  const [givenName = '', ...surname] = user.displayName.split(' ');
  const byDefault = {
    '@odata.type': '#microsoft.graph.user',
    id: user.id,
    displayName: user.displayName,
    givenName,
    surname: surname.join(' '),
    mail: user.email,
    userPrincipalName: user.userPrincipalName,
  };
  if (!query.has('$select')) return byDefault;
  return select(
    {
      ...byDefault,
      accountEnabled: user.accountEnabled,
      signInSessionsValidFromDateTime: `${new Date(sessionsValidFrom).toISOString().slice(0, 19)}Z`,
      userType: user.guest === null ? 'Member' : 'Guest',
    },
    query,
  );
}
