import assert from 'node:assert/strict';
import type { ApiServer } from '../kube/api-server.ts';
import type { Attempt } from './attempts.ts';
import { foreignHosts } from './foreign.ts';
import { forEach, type Served } from './served.ts';
import { clear, settle } from './settle.ts';
import { type AppName, publishedAddress, type TenantWorld } from './tenant-world.ts';
import { foreignWordsIn, visibleTexts } from './visible-texts.ts';
import { create, type Outcome } from './writes.ts';

/** What became of an attempt. */
export interface Result {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
}

/** What must hold while attempts are in force. */
export interface Expectations {
  /** Of the hosts of others, before anybody attacked them. */
  readonly foreignAnswers: readonly string[];
  /** Certificates of others. */
  readonly foreignCertificates: ReadonlySet<string>;
  /** That of the treasury. */
  readonly certificate: string;
}

/** How many writes, or requests, are under way at once. */
const LANES = 8;

/**
 * Puts attempts into force together, as the attacker, and looks at everything that must be as before. Each has names of its own, so that what
 * one does is not hidden by another.
 */
export async function runRound(
  server: ApiServer,
  world: TenantWorld,
  attempts: readonly Attempt[],
  expected: Expectations,
): Promise<readonly Result[]> {
  await using cleared = new AsyncDisposableStack();
  cleared.defer(() => clear(server));
  const before = received(world);
  const results = await forEach(attempts, LANES, async (attempt) => {
    const outcome = await create(world.attacker, attempt.writes);
    if (outcome === 'accepted') await attempt.afterwards?.(world.attacker, attempt.number);
    return { attempt, outcome };
  });
  await settle(world);
  const forced = results.filter(({ outcome }) => outcome !== 'invalid').map(({ attempt }) => attempt);
  const pages = await forEach(forced, LANES, (attempt) => lookAt(world, attempt, expected));
  assert.deepEqual(await world.foreignAnswers(), expected.foreignAnswers);
  assertNothingReached(world, before, forced.length);
  await assertNothingTold(world, forced, pages);
  return results;
}

/** The attacker's host, and the treasury's app for a member: each as it has to be. */
async function lookAt(world: TenantWorld, attempt: Attempt, expected: Expectations): Promise<string> {
  const { host, path, title } = attempt;
  const own = await world.https(host);
  assert.ok(!expected.foreignCertificates.has(own.certificate), `${title}: ${host} shows a certificate of others`);
  assert.ok(!isServedBy(own, ['ledger', 'bystander', 'ownPod']), `${title}: ${host} leads to ${own.body}`);
  if (attempt.isClosed) assert.ok(own.status !== 200 && own.status !== 401, `${title}: ${host} answers ${own.status}`);
  const app = await world.asMember(path);
  assert.deepEqual([app.status, app.body, app.certificate], [200, 'ledger', expected.certificate], title);
  const plain = await world.http(foreignHosts[0] ?? '', `/.well-known/acme-challenge${path}`);
  assert.equal(plain.status, 308, title);
  return own.body;
}

function isServedBy({ status, body }: Served, apps: readonly AppName[]): boolean {
  return status === 200 && apps.some((name) => name === body);
}

interface Received {
  readonly ledger: number;
  readonly others: number;
}

function received({ apps }: TenantWorld): Received {
  return { ledger: apps.ledger.requests.length, others: apps.bystander.bytes().length + apps.ownPod.bytes().length };
}

/** The member's own requests, and not a byte more; the trap got requests for the attacker's hosts only. */
function assertNothingReached(world: TenantWorld, before: Received, membersRequests: number): void {
  assert.deepEqual(received(world), { ...before, ledger: before.ledger + membersRequests });
  assert.equal(bytesForOthers(world), 0);
}

/** What the attacker's app got of requests for hosts of others, in bytes. */
export function bytesForOthers({ apps }: TenantWorld): number {
  const requests = apps.trap.requests.map(({ raw }) => raw.toString('latin1'));
  return requests
    .filter((text) => isForeign(/\r\nHost: ([^\r:]*)/i.exec(text)?.[1] ?? ''))
    .reduce((sum, { length }) => sum + length, 0);
}

function isForeign(host: string): boolean {
  return foreignHosts.includes(host) || host.endsWith('.apps.example.com');
}

/** Neither what the attacker reads names others, nor does an Ingress that names a host of others show our address, of which DNS records are made. */
async function assertNothingTold(
  world: TenantWorld,
  attempts: readonly Attempt[],
  pages: readonly string[],
): Promise<void> {
  const texts = Map.groupBy(await visibleTexts(world.attacker), ({ name }) => name);
  for (const [index, { title, writes }] of attempts.entries()) {
    const about = writes.flatMap(({ object }) => texts.get(object.metadata.name) ?? []);
    const written = [JSON.stringify(writes), ...about.map((each) => each.written)].join();
    const told = [...about.map(({ text }) => text), pages[index] ?? ''].join(' ');
    assert.deepEqual(foreignWordsIn(told, written), [], `${title}: ${told}`);
    for (const { text, written: spec } of about) {
      assert.ok(
        !namedHosts(spec).some(isForeign) || !text.includes(publishedAddress),
        `${title}: ${spec.slice(0, 300)} shows ${text}`,
      );
    }
  }
}

/** In rules and for TLS. */
function namedHosts(spec: string): readonly string[] {
  const { rules = [], tls = [] }: IngressHosts = spec === '' ? {} : JSON.parse(spec);
  return [...rules.map(({ host = '' }) => host), ...tls.flatMap(({ hosts = [] }) => hosts)];
}

interface IngressHosts {
  readonly rules?: readonly { readonly host?: string }[];
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
}
