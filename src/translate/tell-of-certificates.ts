import type { AttachedRoute, StatusEvent, StatusUpdate } from '../api/status-update.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import type { Certificate, Host, HostPattern, Route, Snapshot } from '../snapshot/snapshot.ts';
import { inObjectOrder } from './collect-findings.ts';
import { eventText } from './event-text.ts';
import type { Finding } from './findings.ts';
import { isCovered } from './host-certificate.ts';
import { describeHost, hostKey } from './host-pattern.ts';
import type { TranslateOptions } from './translate-options.ts';
import type { Translation } from './translation.ts';

/** The certificates that the operator names. */
type NamedCertificates = Pick<TranslateOptions, 'authHost' | 'authHostCertificate' | 'defaultCertificate'>;

/** What an Ingress has to be told of certificates. */
interface Told {
  readonly ingress: Route['ingress'];
  /** Of its own hosts. */
  readonly own: Set<string>;
  /** Of the host at which its users sign in. */
  readonly signIn: Set<string>;
}

/**
 * Adds to a build that browsers refuse a certificate since it has expired, and that nobody can sign in for want of one on the host of sign-in. Apart
 * from the build itself, because certificates expire while nothing changes. A build with nothing to tell is returned as it is.
 *
 * @param now milliseconds since the epoch
 */
export function tellOfCertificates(translation: Translation, named: NamedCertificates, now: number): Translation {
  const troubles = operatorTroubles(translation.snapshot, named, now);
  const told = toldIngresses(translation, troubles.signIn, now);
  if (told.size === 0 && troubles.warnings.length === 0) return translation;
  return {
    ...translation,
    statuses: told.size === 0 ? translation.statuses : translation.statuses.map((status) => withTold(status, told)),
    findings: inObjectOrder([...translation.findings, ...[...told.values()].flatMap(findingsOf)]),
    warnings: [...translation.warnings, ...troubles.warnings],
  };
}

/** When the next certificate of a build expires (milliseconds since the epoch); null: none will. */
export function nextExpiry({ expiries }: Pick<Translation, 'expiries'>, now: number): number | null {
  const next = expiries.reduce(
    (least, { notAfter }) => (notAfter > now ? Math.min(least, notAfter) : least),
    Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(next) ? next : null;
}

/** `signIn`: a sentence for every Ingress whose users sign in, which names no Secret, since it is in another namespace. */
interface OperatorTroubles {
  readonly signIn: string | null;
  /** For the operator. That a Secret is missing or unusable the build has said. */
  readonly warnings: readonly string[];
}

function operatorTroubles(snapshot: Snapshot, named: NamedCertificates, now: number): OperatorTroubles {
  const warnings: string[] = [];
  const { authHost, authHostCertificate, defaultCertificate } = named;
  const ofDefault = certificateOf(snapshot, { kind: 'default' });
  if (defaultCertificate !== null && ofDefault !== null && ofDefault.notAfter <= now) {
    warnings.push(
      `The default certificate, Secret ${describeSecret(defaultCertificate)}, ${expired(ofDefault)}: browsers refuse it.`,
    );
  }
  const host: HostPattern | null = authHost === null ? null : { kind: 'exact', name: authHost };
  const served = host === null ? undefined : snapshot.hosts.get(hostKey(host))?.value;
  if (host === null || served === undefined || authHostCertificate === null) return { signIn: null, warnings };
  const certificate = certificateOf(snapshot, served.certificate);
  const problem = signInProblem(certificate, host, now);
  if (problem === null) return { signIn: null, warnings };
  if (certificate !== null) {
    const isOwn = served.certificate.kind === 'secret';
    const what = isOwn ? `Secret ${describeSecret(authHostCertificate)}` : 'which is the default one';
    warnings.push(
      `The certificate of the sign-in host, ${what}, ${problem}: browsers refuse it, and nobody can sign in.`,
    );
  }
  return { signIn: `Nobody can sign in now: the certificate of the sign-in host ${authHost} ${problem}.`, warnings };
}

function signInProblem(certificate: Certificate | null, host: HostPattern, now: number): string | null {
  if (certificate === null) return 'is missing';
  if (certificate.notAfter <= now) return expired(certificate);
  return isCovered(host, certificate.names) ? null : `does not name ${describeHost(host)}`;
}

function toldIngresses(translation: Translation, signIn: string | null, now: number): ReadonlyMap<Key, Told> {
  const told = new Map<Key, Told>();
  if (signIn === null && !translation.expiries.some(({ notAfter }) => notAfter <= now)) return told;
  const { snapshot, expiries } = translation;
  const secrets = new Map(expiries.map(({ namespace, name }) => [tableKey('key-pair', namespace, name), name]));
  for (const { value: host } of snapshot.hosts.values()) {
    const own = expiredText(snapshot, secrets, host, now);
    if (own === null && signIn === null) continue;
    for (const { ingress, access } of host.routes) {
      const isSignedIn = access.kind === 'policy' || access.kind === 'authenticated';
      if (own === null && !isSignedIn) continue;
      const key = ingressKey(ingress);
      const of = told.get(key) ?? { ingress, own: new Set(), signIn: new Set() };
      if (own !== null) of.own.add(own);
      if (signIn !== null && isSignedIn) of.signIn.add(signIn);
      told.set(key, of);
    }
  }
  return told;
}

/** The Secret of a host is one of the namespace of its Ingresses. */
function expiredText(snapshot: Snapshot, secrets: ReadonlyMap<Key, string>, host: Host, now: number): string | null {
  const certificate = certificateOf(snapshot, host.certificate);
  if (certificate === null || certificate.notAfter > now) return null;
  if (host.certificate.kind !== 'secret') {
    return `The default certificate, which ${describeHost(host.pattern)} has, ${expired(certificate)}: browsers refuse it.`;
  }
  return `The certificate in Secret ${secrets.get(host.certificate.certificate)} ${expired(certificate)}: browsers refuse it.`;
}

function certificateOf(snapshot: Snapshot, chosen: Host['certificate']): Certificate | null {
  const [settings] = snapshot.settings.values();
  const used = chosen.kind === 'default' ? settings?.value.defaultCertificate : chosen;
  return used?.kind === 'secret' ? (snapshot.certificates.get(used.certificate)?.value ?? null) : null;
}

function expired({ notAfter }: Certificate): string {
  return `expired at ${new Date(notAfter).toISOString().replace('.000Z', 'Z')}`;
}

function describeSecret({ namespace, name }: NonNullable<TranslateOptions['defaultCertificate']>): string {
  return `${namespace}/${name}`;
}

function withTold(status: StatusUpdate, told: ReadonlyMap<Key, Told>): StatusUpdate {
  const { ref, event, attachedRoutes } = status;
  const of = ref.kind === 'Ingress' ? told.get(ingressKey(ref)) : undefined;
  const isAttached = attachedRoutes.some((route) => told.has(ingressKey(route)));
  if (of === undefined && !isAttached) return status;
  return {
    ...status,
    event: event === null || of === undefined ? event : toldEvent(event, sentencesOf(of)),
    attachedRoutes: attachedRoutes.map((route) => toldRoute(route, told)),
  };
}

function toldEvent(event: StatusEvent, sentences: readonly string[]): StatusEvent {
  const message = eventText([event.message, ...sentences]);
  return event.reason === 'Programmed'
    ? { type: 'Warning', reason: 'ProgrammedWithProblems', message }
    : { ...event, message };
}

/** Of one that denies, its reason to deny is all that counts. */
function toldRoute(route: AttachedRoute, told: ReadonlyMap<Key, Told>): AttachedRoute {
  const of = told.get(ingressKey(route));
  if (of === undefined || route.state === 'Denied') return route;
  const message = eventText([...(route.message === '' ? [] : [route.message]), ...sentencesOf(of)]);
  return { ...route, reason: 'ProgrammedWithProblems', message };
}

function sentencesOf({ own, signIn }: Told): readonly string[] {
  return [...signIn, ...own];
}

function findingsOf({ ingress, own }: Told): readonly Finding[] {
  const ref = { kind: 'Ingress', ...ingress } as const;
  return [...own].map((message) => ({ ref, kind: 'certificate-expired', path: 'spec.tls', message, hint: '' }));
}

function ingressKey({ namespace, name }: Route['ingress']): Key {
  return tableKey('ingress', namespace, name);
}
