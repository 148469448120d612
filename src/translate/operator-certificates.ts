import type { HostCertificate, Settings } from '../snapshot/snapshot.ts';
import type { MaterialCollector } from './material.ts';
import type { TranslateOptions } from './translate-options.ts';

/** The certificates that the operator names, not an Ingress. */
export interface OperatorCertificates {
  readonly defaultCertificate: Settings['defaultCertificate'];
  /** What a host gets that has no usable certificate of its own. */
  readonly fallback: HostCertificate;
  /** What the host of sign-in gets. */
  readonly authHost: HostCertificate;
  /** Those that are named and can not be had, for the operator's log. */
  readonly warnings: readonly string[];
}

/** Reads them. The host of sign-in has its own, or else the default one. */
export function readOperatorCertificates(
  material: MaterialCollector,
  { defaultCertificate, authHostCertificate }: TranslateOptions,
): OperatorCertificates {
  const named = (name: TranslateOptions['defaultCertificate']) =>
    name === null ? null : material.serverCertificate(name.namespace, name.name);
  const [ofDefault, ofAuthHost] = [named(defaultCertificate), named(authHostCertificate)];
  const fallback: HostCertificate = ofDefault?.ok === true ? { kind: 'default' } : { kind: 'none' };
  const warnings: string[] = [];
  if (defaultCertificate !== null && ofDefault?.ok === false) {
    const secret = `Secret ${defaultCertificate.namespace}/${defaultCertificate.name}`;
    warnings.push(
      `The default certificate, ${secret}, ${ofDefault.problem}: TLS handshakes for hosts without one of their own fail.`,
    );
  }
  if (authHostCertificate !== null && ofAuthHost?.ok === false) {
    const secret = `Secret ${authHostCertificate.namespace}/${authHostCertificate.name}`;
    const effect = fallback.kind === 'default' ? 'the default one is served instead' : 'nobody can sign in';
    warnings.push(`The certificate of the sign-in host, ${secret}, ${ofAuthHost.problem}: ${effect}.`);
  }
  return {
    defaultCertificate: ofDefault?.ok === true ? { kind: 'secret', certificate: ofDefault.key } : { kind: 'none' },
    fallback,
    authHost: ofAuthHost?.ok === true ? { kind: 'secret', certificate: ofAuthHost.key } : fallback,
    warnings,
  };
}
