import type { HostCertificate, HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import { describeHost, hostKey, wildcardOver } from './host-pattern.ts';
import type { MaterialCollector } from './material.ts';
import type { OwnIngress, OwnTls } from './own-ingress.ts';

/**
 * Chooses the certificate of a host: the first usable Secret that its Ingresses (oldest first) name for it, by its own
 * name or by the wildcard over it; else the default certificate, as ingress-nginx does; else none, and every request is
 * answered with 421. Secrets are read in the Ingress's own namespace only.
 */
export function chooseCertificate(
  pattern: HostPattern,
  ingresses: readonly OwnIngress[],
  hasDefault: boolean,
  material: MaterialCollector,
  findings: Findings,
): HostCertificate {
  const host = describeHost(pattern);
  const instead = hasDefault ? 'the default certificate is served instead' : 'requests to it are answered with 421';
  for (const { ingress, tls } of ingresses) {
    const names = secretsFor(pattern, tls);
    for (const name of names) {
      const read = material.serverCertificate(ingress.metadata.namespace, name);
      if (read.ok) {
        if (!isCovered(pattern, read.names)) {
          findings.add(ingress, `The certificate in Secret ${name} does not name ${host}: browsers will refuse it.`);
        }
        return { kind: 'secret', certificate: read.key };
      }
      findings.add(ingress, `Secret ${name} for ${host} ${read.problem}: ${instead}.`);
    }
    if (names.length === 0 && !hasDefault) {
      findings.add(ingress, `There is no certificate for ${host}, and no default one: ${instead}.`);
    }
  }
  return hasDefault ? { kind: 'default' } : { kind: 'none' };
}

/** Entries that name the host itself come before those that name the wildcard over it. */
function secretsFor(pattern: HostPattern, tls: readonly OwnTls[]): readonly string[] {
  const wildcard = wildcardOver(pattern);
  const keys = [pattern, ...(wildcard === null ? [] : [wildcard])].map(hostKey);
  return keys.flatMap((key) =>
    tls.flatMap(({ patterns, secretName }) =>
      secretName !== null && patterns.some((entry) => hostKey(entry) === key) ? [secretName] : [],
    ),
  );
}

/** RFC 9525 §6.3: a wildcard in a certificate stands for one label. */
function isCovered(pattern: HostPattern, names: readonly string[]): boolean {
  if (pattern.kind === 'any') return true;
  const wildcard = wildcardOver(pattern);
  return names.includes(describeHost(pattern)) || (wildcard !== null && names.includes(describeHost(wildcard)));
}
