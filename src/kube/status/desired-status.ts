import { cutText } from '../../api/cut-text.ts';
import {
  type ConditionOf,
  LONGEST_CONDITION_MESSAGE,
  type StatusCondition,
  type StatusUpdate,
} from '../../api/status-update.ts';
import { canonicalJson } from '../../snapshot/content-hash.ts';
import { secondTime } from '../api-server/micro-time.ts';
import { type RawFields, rawFields, rawList } from '../api-server/raw-fields.ts';

/** Where clients reach us, as `status.loadBalancer.ingress` of an Ingress says it. */
export type LoadBalancerAddress = { readonly ip: string } | { readonly hostname: string };

/** Who writes, and what an Ingress gets to show. */
export interface StatusAuthor {
  /** `spec.controller` of our IngressClasses: names our entry of `status.controllers`. */
  readonly controllerName: string;
  /** Empty: addresses of Ingresses are left alone. */
  readonly addresses: readonly LoadBalancerAddress[];
}

/** Most names that `routes` of the status lists (CRD). */
export const MOST_ROUTES = 50;
/** Longest `message` of a route (CRD). */
const LONGEST_ROUTE_MESSAGE = 1024;
/** The conditions that are ours on the object as a whole. */
const OWN_TYPES: readonly unknown[] = ['Accepted', 'ResolvedRefs'] satisfies StatusCondition['type'][];

/**
 * The status that `object` ought to have; null when it has it already. What other controllers wrote stays, and so does the time of a
 * condition whose status does not change (metav1.Condition, lastTransitionTime).
 *
 * @param object as the API server answered
 * @param now milliseconds since the epoch
 */
export function desiredStatus(
  object: RawFields,
  update: StatusUpdate,
  author: StatusAuthor,
  now: number,
): RawFields | null {
  const status = rawFields(object.status);
  const desired = statusOf(status, update, author, secondTime(now));
  return canonicalJson(desired) === canonicalJson(status) ? null : desired;
}

/** The status of an Ingress that is ours no longer: without our addresses, and otherwise as it is; null when it shows none of them. */
export function statusWithoutAddress(object: RawFields, { addresses }: StatusAuthor): RawFields | null {
  const status = rawFields(object.status);
  const shown = addressesOf(status);
  const left = shown.filter((entry) => !isOneOf(entry, addresses));
  return left.length === shown.length ? null : withAddresses(status, left);
}

function statusOf(status: RawFields, update: StatusUpdate, author: StatusAuthor, time: string): RawFields {
  switch (update.ref.kind) {
    case 'Ingress':
      return ingressStatus(status, update, author);
    case 'Policy':
    case 'ClusterPolicy':
    case 'IdentityProvider':
      return ownStatus(status, update, author, time);
    // We write no status of these.
    case 'IngressClass':
    case 'Service':
    case 'EndpointSlice':
    case 'Secret':
    case 'Namespace':
    case 'Revocation':
      return status;
    default:
      return update.ref.kind satisfies never;
  }
}

function ingressStatus(status: RawFields, { address }: StatusUpdate, author: StatusAuthor): RawFields {
  const { addresses } = author;
  if (addresses.length === 0) return status;
  if (address) return withAddresses(status, addresses);
  return statusWithoutAddress({ status }, author) ?? status;
}

function ownStatus(status: RawFields, update: StatusUpdate, author: StatusAuthor, time: string): RawFields {
  const others = rawList(status.controllers).filter(({ name }) => name !== author.controllerName);
  const elsewhere = others.reduce((sum, { attachedRoutes }) => sum + (Number(attachedRoutes) || 0), 0);
  const routes = {
    attachedRoutes: update.attachedRoutes.length,
    routes: update.attachedRoutes.slice(0, MOST_ROUTES).map(({ namespace, name, state, reason, message }) => ({
      namespace,
      name,
      state,
      reason,
      message: cutText(message, LONGEST_ROUTE_MESSAGE),
    })),
  };
  return {
    ...status,
    conditions: sharedConditions(status, update, author, time),
    attachedRoutes: elsewhere + update.attachedRoutes.length,
    controllers: withController(status, update, author, time, routes),
  };
}

/** The entries of all controllers, ours with `routes`, in the order of their names. */
function withController(
  status: RawFields,
  update: StatusUpdate,
  { controllerName }: StatusAuthor,
  time: string,
  routes: RawFields,
): readonly RawFields[] {
  const entries = rawList(status.controllers);
  const before = entries.find(({ name }) => name === controllerName) ?? {};
  const conditions = [...update.conditions, programmed(update)].map((condition) =>
    withTime(rawList(before.conditions), condition, update.generation, time),
  );
  const others = entries.filter(({ name }) => name !== controllerName);
  const own: RawFields = { name: controllerName, conditions, ...routes };
  return [...others, own].toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}

/** Updates come when all workers of this replica have acknowledged the snapshot that they were said of. */
function programmed({ conditions }: StatusUpdate): ConditionOf<'Programmed'> {
  const isAccepted = conditions.some(({ type, status }) => type === 'Accepted' && status === 'True');
  return isAccepted
    ? { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'All workers decide by it.' }
    : { type: 'Programmed', status: 'False', reason: 'NotAccepted', message: 'Routes that use it deny.' };
}

/** A condition as it is written, of whichever controller. */
interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions of the object as a whole. Two releases may differ, as where only one of them has the Secret of an IdentityProvider: what holds
 * for any of them holds, so that they do not overwrite each other for ever. What each found is in its entry of `controllers`.
 */
function sharedConditions(
  status: RawFields,
  { conditions, generation }: StatusUpdate,
  { controllerName }: StatusAuthor,
  time: string,
): readonly RawFields[] {
  const before = rawList(status.conditions);
  const others = rawList(status.controllers).filter(({ name }) => name !== controllerName);
  const ofOthers = others.flatMap((controller) => rawList(controller.conditions));
  const foreign = before.filter(({ type }) => !OWN_TYPES.includes(type));
  const shared = conditions.map((own): Condition => {
    const elsewhere = ofOthers.find(
      ({ type, status: found, observedGeneration }) =>
        type === own.type && found === 'True' && observedGeneration === generation,
    );
    if (own.status === 'True' || elsewhere === undefined) return own;
    return { type: own.type, status: 'True', reason: String(elsewhere.reason), message: String(elsewhere.message) };
  });
  return [...shared.map((condition) => withTime(before, condition, generation, time)), ...foreign];
}

function withTime(before: readonly RawFields[], condition: Condition, generation: number, time: string): RawFields {
  const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
  return {
    ...condition,
    message: cutText(condition.message, LONGEST_CONDITION_MESSAGE),
    observedGeneration: generation,
    lastTransitionTime: same?.lastTransitionTime ?? time,
  };
}

function addressesOf(status: RawFields): readonly RawFields[] {
  return rawList(rawFields(status.loadBalancer).ingress);
}

/** Kubernetes leaves out an empty list: so does this, that nothing seems to differ. */
function withAddresses(status: RawFields, ingress: readonly object[]): RawFields {
  const unchanged =
    ingress.length === addressesOf(status).length && addressesOf(status).every((entry) => isOneOf(entry, ingress));
  if (unchanged) return status;
  return { ...status, loadBalancer: ingress.length === 0 ? {} : { ingress } };
}

function isOneOf(entry: RawFields, addresses: readonly object[]): boolean {
  return addresses.some((address) => Object.entries(address).every(([field, value]) => entry[field] === value));
}
