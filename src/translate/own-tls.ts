import { type ObjectKey, objectKey } from '../api/cluster-state.ts';
import type { Ingress } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import { type HostClaim, MOST_HOST_FIELDS } from './host-ownership.ts';
import { hostKey } from './host-pattern.ts';
import { readHost } from './read-host.ts';
import { sharedText } from './shared-text.ts';

/** A Secret that an Ingress names for a host, and where: `spec.tls[0].secretName`. */
export interface NamedSecret {
  readonly ingress: Ingress;
  readonly name: string;
  readonly key: ObjectKey;
  readonly path: string;
}

/** `spec.tls` of an Ingress. */
export interface OwnTls {
  /** Its hosts, in the order written. */
  readonly claims: readonly HostClaim[];
  /** By host: the Secrets named for it. */
  readonly secrets: ReadonlyMap<Key, readonly NamedSecret[]>;
}

/** Most Secrets that are tried for one host of one Ingress; so the work grows with the object, not with its square (ISOLATED). */
const MOST_SECRETS = 8;

/** Reads `spec.tls`. An entry without hosts is about the hosts of the rules, one without Secret asks for the default certificate. */
export function readTls(ingress: Ingress, ruleHosts: readonly HostPattern[], findings: Findings): OwnTls {
  const claims: HostClaim[] = [];
  const secrets = new Map<Key, NamedSecret[]>();
  const ruleKeys = new Set(ruleHosts.map(hostKey));
  let forAllRules = 0;
  for (const [index, { hosts, secretName }] of ingress.spec.tls.entries()) {
    const at = `spec.tls[${index}]`;
    const room = MOST_HOST_FIELDS - claims.length;
    if (hosts.length > room) reportUnread(ingress, `${at}.hosts`, findings);
    const own = hosts.slice(0, room).flatMap((host, position): readonly HostClaim[] => {
      const path = sharedText(`${at}.hosts[${position}]`);
      const pattern = host === '' ? null : readHost(host, path, ingress, findings);
      return pattern === null ? [] : [{ ingress, pattern, path }];
    });
    claims.push(...own);
    if (secretName === undefined || secretName === '') continue;
    if (hosts.length === 0 && ++forAllRules > MOST_SECRETS) continue;
    const keys = hosts.length === 0 ? ruleKeys : own.map(({ pattern }) => hostKey(pattern));
    const key = objectKey(ingress.metadata.namespace, secretName);
    const secret: NamedSecret = { ingress, name: secretName, key, path: `${at}.secretName` };
    for (const host of keys) addSecret(secrets, host, secret);
  }
  return { claims, secrets };
}

/** What stands behind {@link MOST_HOST_FIELDS}. */
export function reportUnread(ingress: Ingress, path: string, findings: Findings): void {
  const message = `The Ingress has more than ${MOST_HOST_FIELDS} hosts in ${path}: those behind are not read. Use several Ingresses.`;
  findings.add(ingress, 'too-many-hosts', path, message);
}

function addSecret(secrets: Map<Key, NamedSecret[]>, key: Key, secret: NamedSecret): void {
  const known = secrets.get(key);
  if (known === undefined) secrets.set(key, [secret]);
  else if (known.length < MOST_SECRETS) known.push(secret);
}
