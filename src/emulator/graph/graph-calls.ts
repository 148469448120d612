import type { Account } from '../directory/directory.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import type { EmulatorRequest } from '../http-exchange.ts';
import { badRequest, forbidden, type GraphResult, notFound, ok } from './graph-answer.ts';
import type { GraphCaller } from './graph-caller.ts';
import {
  checkMemberGroups,
  getMembers,
  groupObject,
  limited,
  memberOfObjects,
  pageOf,
  select,
  userObject,
} from './graph-members.ts';

/** One call: who asks what, with the path below `/v1.0`. */
export interface GraphCall {
  readonly context: EmulatorContext;
  readonly caller: GraphCaller;
  readonly http: Pick<EmulatorRequest, 'method' | 'query'>;
  readonly path: readonly string[];
  /** The JSON body; `undefined` without one. */
  readonly body: unknown;
}

interface UserCall extends GraphCall {
  readonly account: Account;
  readonly isSelf: boolean;
}

const hasAll = ({ caller }: GraphCall, ...permissions: readonly string[]) =>
  permissions.every((permission) => caller.permissions.has(permission));

/** To read the user at all: oneself with User.Read, others with a wider permission; apps with User.Read.All. */
function mayReadUser(call: UserCall): boolean {
  if (call.caller.kind === 'application') return hasAll(call, 'User.Read.All');
  return hasAll(call, call.isSelf ? 'User.Read' : 'User.ReadBasic.All');
}

const mayReadGroups = (call: GraphCall) => hasAll(call, 'GroupMember.Read.All');

function transitiveMemberOf(call: UserCall, cast: string | undefined): GraphResult {
  const { context, account, http } = call;
  const objects = memberOfObjects(context.directory, account);
  const typed = cast === undefined ? objects : objects.filter((object) => object['@odata.type'] === `#${cast}`);
  const suffix = cast === undefined ? '' : `/${cast}`;
  return pageOf(
    `${context.origin}/graph/v1.0/$metadata#directoryObjects`,
    `${context.origin}/graph/v1.0/users/${account.user.id}/transitiveMemberOf${suffix}`,
    mayReadGroups(call) ? typed : limited(typed),
    http.query,
  );
}

function revokeSignInSessions(call: UserCall): GraphResult {
  const { context, account, isSelf, caller } = call;
  const isAllowed = hasAll(call, 'User.RevokeSessions.All') || hasAll(call, 'User.ReadWrite.All');
  if (!isAllowed && !(isSelf && caller.permissions.has('User.ReadWrite'))) return forbidden();
  context.directory.revokeSessions(account.user.id);
  return ok({ '@odata.context': `${context.origin}/graph/v1.0/$metadata#Edm.Boolean`, value: true });
}

function callOnUser(call: UserCall, action: string | undefined, cast: string | undefined): GraphResult {
  const { context, account, http, body } = call;
  const { origin, directory } = context;
  switch (`${http.method} ${action ?? ''}`) {
    case 'GET ':
      return mayReadUser(call) ? ok(userObject(account, http.query)) : forbidden();
    case 'GET transitiveMemberOf':
      return mayReadUser(call) ? transitiveMemberOf(call, cast) : forbidden();
    case 'POST checkMemberGroups':
      if (!mayReadUser(call) || !mayReadGroups(call)) return forbidden();
      return checkMemberGroups(origin, directory.transitiveGroups(account), body);
    case 'POST getMemberGroups':
      if (!mayReadUser(call) || !mayReadGroups(call)) return forbidden();
      return getMembers(origin, directory.transitiveGroups(account), [], body);
    case 'POST getMemberObjects':
      if (!mayReadUser(call)) return forbidden();
      return getMembers(
        origin,
        directory.transitiveGroups(account),
        account.user.directoryRoles.map(({ id }) => id),
        body,
      );
    case 'POST revokeSignInSessions':
      return revokeSignInSessions(call);
    default:
      return badRequest(`Resource not found for the segment '${action ?? ''}'.`);
  }
}

function callOnGroup(call: GraphCall, id: string, collection: string | undefined): GraphResult {
  const { context, caller, http } = call;
  const { directory, origin } = context;
  if (!mayReadGroups(call)) return forbidden();
  const tenant = directory.tenants.find(({ tid }) => tid === caller.tid);
  const group = tenant?.groups.find((each) => each.id.toLowerCase() === id.toLowerCase());
  if (group === undefined) return notFound(id);
  if (collection === undefined) return ok(select(groupObject(group), http.query));
  if (collection !== 'transitiveMembers') return badRequest(`Resource not found for the segment '${collection}'.`);
  const members = directory
    .accounts(caller.tid)
    .filter((account) => directory.transitiveGroups(account).includes(group))
    .map(({ user }) => ({ '@odata.type': '#microsoft.graph.user', id: user.id, displayName: user.displayName }));
  return pageOf(
    `${origin}/graph/v1.0/$metadata#directoryObjects`,
    `${origin}/graph/v1.0/groups/${group.id}/transitiveMembers`,
    members,
    http.query,
  );
}

/** Performs the call that the path names: `me`, `users/{id}`, `groups/{id}`. */
export function callGraph(call: GraphCall): GraphResult {
  const { context, caller, path, http } = call;
  const [collection, ...rest] = path;
  const [id, action, cast] = collection === 'me' ? [caller.oid, ...rest] : rest;
  if (collection === 'groups' && id !== undefined && http.method === 'GET') return callOnGroup(call, id, action);
  const isUser = collection === 'users' || (collection === 'me' && caller.kind === 'delegated');
  if (!isUser || id === undefined) return badRequest(`Resource not found for the segment '${collection ?? ''}'.`);
  const account = context.directory.account(caller.tid, id) ?? context.directory.findAccount(id, caller.tid);
  if (account === undefined) return notFound(id);
  return callOnUser(
    { ...call, account, isSelf: account.user.id === caller.oid && caller.kind === 'delegated' },
    action,
    cast,
  );
}
