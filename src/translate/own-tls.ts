import type { Ingress } from '../api/kubernetes.ts';
import type { Key } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import type { HostClaim } from './host-ownership.ts';
import { hostKey } from './host-pattern.ts';
import { readHost } from './read-host.ts';

/** A Secret that an Ingress names for a host, and where: `spec.tls[0].secretName`. */
export interface NamedSecret {
  readonly ingress: Ingress;
  readonly name: string;
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
    const own = hosts.flatMap((host, position): readonly HostClaim[] => {
      const path = `${at}.hosts[${position}]`;
      const pattern = host === '' ? null : readHost(host, path, ingress, findings);
      return pattern === null ? [] : [{ ingress, pattern, path }];
    });
    for (const claim of own) claims.push(claim); // not as arguments, of which a call takes a hundred thousand
    if (secretName === undefined || secretName === '') continue;
    if (hosts.length === 0 && ++forAllRules > MOST_SECRETS) continue;
    const keys = hosts.length === 0 ? ruleKeys : own.map(({ pattern }) => hostKey(pattern));
    for (const key of keys) addSecret(secrets, key, { ingress, name: secretName, path: `${at}.secretName` });
  }
  return { claims, secrets };
}

function addSecret(secrets: Map<Key, NamedSecret[]>, key: Key, secret: NamedSecret): void {
  const known = secrets.get(key);
  if (known === undefined) secrets.set(key, [secret]);
  else if (known.length < MOST_SECRETS) known.push(secret);
}
