import type { HostCertificate, HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import { describeHost, hostKey, wildcardOver } from './host-pattern.ts';
import type { MaterialCollector, MaterialReading } from './material.ts';
import type { Claimant } from './own-ingress.ts';
import type { NamedSecret, OwnTls } from './own-tls.ts';

/** What a host without a certificate means to its users: it is not reached, and answers nothing. Connections that were there before get 421. */
const NO_HANDSHAKE = 'TLS handshakes for it fail';

/**
 * Chooses the certificate of a host: the first usable Secret that its Ingresses (oldest first) name for it, by its own
 * name or by the wildcard over it; else the default certificate, as ingress-nginx does; else none, and TLS handshakes
 * fail. Secrets are read in the Ingress's own namespace only.
 */
export function chooseCertificate(
  pattern: HostPattern,
  claimants: readonly Claimant[],
  hasDefault: boolean,
  material: MaterialCollector,
  findings: Findings,
): HostCertificate {
  const host = describeHost(pattern);
  const named = claimants.flatMap(({ secrets }) => secrets);
  const failed: { readonly secret: NamedSecret; readonly read: UnusableMaterial }[] = [];
  let choice: HostCertificate = hasDefault ? { kind: 'default' } : { kind: 'none' };
  let instead = hasDefault ? 'the default certificate is served instead' : NO_HANDSHAKE;
  for (const secret of named) {
    const read = material.serverCertificate(secret.ingress.metadata.namespace, secret.name, secret.key);
    if (!read.ok) {
      failed.push({ secret, read });
      continue;
    }
    if (!isCovered(pattern, read.names)) {
      const message = `The certificate in Secret ${secret.name} does not name ${host}: browsers will refuse it.`;
      findings.add(secret.ingress, 'certificate-for-other-names', secret.path, message);
    }
    choice = { kind: 'secret', certificate: read.key };
    instead = `that of Secret ${secret.name} is served instead`;
    break;
  }
  for (const { secret, read } of failed) {
    const kind = read.isMissing ? 'secret-missing' : 'secret-unusable';
    const message = () => `Secret ${secret.name} for ${host} ${read.problem}: ${instead}.`;
    findings.add(secret.ingress, kind, secret.path, message);
  }
  if (choice.kind === 'none') reportNoCertificate(host, claimants, findings);
  return choice;
}

/** For Ingresses that name no Secret for the host: about the others there is something more exact to say. */
function reportNoCertificate(host: string, claimants: readonly Claimant[], findings: Findings): void {
  const message = `There is no certificate for ${host}, and no default one: ${NO_HANDSHAKE}.`;
  for (const { own, secrets } of claimants) {
    if (secrets.length === 0) findings.add(own.ingress, 'certificate-missing', 'spec.tls', message);
  }
}

type UnusableMaterial = Extract<MaterialReading, { readonly ok: false }>;

const none: readonly NamedSecret[] = [];

/** Entries that name the host itself come before those that name the wildcard over it. */
export function secretsFor(pattern: HostPattern, { secrets }: OwnTls): readonly NamedSecret[] {
  const wildcard = wildcardOver(pattern);
  const ofHost = secrets.get(hostKey(pattern)) ?? none;
  const ofWildcard = wildcard === null ? none : (secrets.get(hostKey(wildcard)) ?? none);
  return ofWildcard.length === 0 ? ofHost : [...ofHost, ...ofWildcard];
}

/** Whether a certificate is for a host. RFC 9525 §6.3: a wildcard in a certificate stands for one label. */
export function isCovered(pattern: HostPattern, names: readonly string[]): boolean {
  if (pattern.kind === 'any') return true;
  const wildcard = wildcardOver(pattern);
  return names.includes(describeHost(pattern)) || (wildcard !== null && names.includes(describeHost(wildcard)));
}
