import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Config } from '../src/config/config.ts';
import { createKeyRing, generateKey } from '../src/identity/keys/key-ring.ts';
import { createRevocationTable } from '../src/identity/revocation/create-revocation-table.ts';
import { revokeSession } from '../src/identity/revocation/revocation.ts';
import { providerBinding } from '../src/identity/sealed/provider-binding.ts';
import type { Session } from '../src/identity/session.ts';
import { sessionCookies } from '../src/identity/sessions/session-cookies.ts';
import { createIdentityView } from '../src/identity/view.ts';
import { nobodyElse } from '../src/processes/data-planes.ts';
import { LocalDataPlane } from '../src/processes/local-data-plane.ts';
import { type GroupId, parseGroupId, parseObjectId, parseTenantId } from '../src/snapshot/ids.ts';
import { validateSnapshot } from '../src/snapshot/validate-snapshot.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import type { MetricSet } from '../src/telemetry/metrics.ts';
import { translate } from '../src/translate/translate.ts';
import { clusterOf, guid, readObject, tenantId, translateOptions } from './cluster-objects.ts';
import { benchHost, type EntragateCounts, type EntragateQuestion, type EntragateSettings } from './settings.ts';

/**
 * Entragate as it serves, in one process: a snapshot translated from manifests, sessions sealed by the real codec, a group
 * policy, identity headers, the access log on standard output, metrics. A load balancer on loopback ends TLS.
 */
const settings = JSON.parse(process.argv[2] ?? '') as EntragateSettings;

/** RFC 5737: what the endpoint is called in the snapshot. */
const endpointAddress = '198.51.100.1';
const firstGroup = 1000;

const config: Config = {
  https: { host: '127.0.0.1', port: 0 },
  http: { host: '127.0.0.1', port: 0 },
  admin: { host: '127.0.0.1', port: 0 },
  externalHttpsPort: 443,
  workers: 0,
  trustedProxies: ['127.0.0.1'],
  authorityCa: null,
  deniedCidrs: [],
  federatedTokenFile: null,
  isDevelopment: false,
};

const { snapshot, secrets } = translate(clusterOf(objects()), translateOptions);
const problems = validateSnapshot(snapshot);
if (problems.length > 0) throw new Error(problems.join('\n'));
const ring = createKeyRing([generateKey(true)]);
const view = createIdentityView(snapshot, secrets, config.externalHttpsPort);
const plane = new LocalDataPlane({
  config,
  mappings: [[endpointAddress, { host: '127.0.0.1', port: settings.upstreamPort }]],
  revocations: createRevocationTable(),
  events: nobodyElse,
  log: createLogger({ level: 'info', format: 'json', destination: null }),
  now: Date.now,
});
const { http } = await plane.start(ring);
await plane.publish(snapshot, secrets);

const cookies = Array.from({ length: settings.sessions }, (_, index) => cookieOf(makeSession(index)));
writeFileSync(settings.cookieFile, cookies.join('\n'), { mode: 0o600 });
let revocable: Session | null = null;
process.on('message', (question: EntragateQuestion) => void answer(question));
process.on('SIGTERM', () => void plane.drain(0).then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
process.send?.({ port: http, cookieBytes: Math.max(...cookies.map((cookie) => cookie.length)) });

async function answer(question: EntragateQuestion): Promise<void> {
  switch (question.type) {
    case 'new-session':
      revocable = makeSession(settings.sessions);
      process.send?.(cookieOf(revocable));
      return;
    case 'revoke':
      if (revocable !== null) plane.revoke(revokeSession(revocable, Date.now()));
      process.send?.('revoked');
      return;
    case 'counts':
      process.send?.(requestsByStatus(await plane.metrics()));
      return;
    default:
      question satisfies never;
  }
}

function objects() {
  const groups = Array.from({ length: settings.groups }, (_, index) => guid(firstGroup + index));
  const metadata = { namespace: 'apps' };
  const policy = (name: string, of: readonly string[]) => ({
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'Policy',
    metadata: { ...metadata, name },
    spec: { groups: of },
  });
  const ingress = (name: string, path: string) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, name, annotations: { 'entragate.dev/policies': name } },
    spec: {
      ingressClassName: 'entragate',
      rules: [{ host: benchHost, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  });
  const backend = { service: { name: 'app', port: { number: 80 } } };
  return [
    policy('reports', groups.slice(0, settings.groupsOfRoute)),
    ingress('reports', '/reports'),
    policy('everything', groups),
    ingress('everything', '/'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: 'app' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, name: 'app-1', labels: { 'kubernetes.io/service-name': 'app' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: settings.upstreamPort }],
      endpoints: [{ addresses: [endpointAddress] }],
    },
  ].map(readObject);
}

function makeSession(index: number): Session {
  const provider = view.providers.get('default');
  const mentions = view.mentionsOf(benchHost);
  if (provider === undefined || mentions === null) throw new Error('the snapshot lacks the provider or the host');
  const seconds = Math.floor(Date.now() / 1000);
  return {
    lid: randomBytes(16).toString('base64url'),
    sid: randomBytes(16).toString('base64url'),
    provider: provider.name,
    binding: providerBinding(provider),
    tid: present(parseTenantId(tenantId)),
    oid: present(parseObjectId(guid(1_000_000 + index))),
    name: `Adele Vance ${index}`,
    checkedAt: seconds,
    loginAt: seconds,
    authTime: null,
    authContexts: null,
    roles: [],
    claims: new Map(),
    groups: Array.from(
      { length: settings.groups },
      (_, group): GroupId => present(parseGroupId(guid(firstGroup + group))),
    ),
    groupCompleteness: 'complete',
    mentionsFingerprint: mentions.fingerprint,
    mentionedGroups: 'as-fingerprint',
  };
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('not an id');
  return value;
}

/** The `Cookie` field value of a browser with this session. */
function cookieOf(session: Session): string {
  return sessionCookies('session', session, benchHost, ring)
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.slice(0, cookie.indexOf(';')))
    .join('; ');
}

function requestsByStatus(sets: readonly MetricSet[]): EntragateCounts {
  const counts: Record<string, number> = {};
  for (const metric of sets.flat()) {
    if (metric.name !== 'entragate_requests_total') continue;
    for (const { labels, value } of metric.values) {
      const status = String(labels.status);
      counts[status] = (counts[status] ?? 0) + value;
    }
  }
  return counts;
}
