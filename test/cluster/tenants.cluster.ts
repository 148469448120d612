import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { kinds } from '../../src/api/kinds.ts';
import { outerAddresses } from '../support/tcp-probe.ts';
import { installPolicies } from './chart/admission.ts';
import { useApiServer } from './kube/use-api-server.ts';
import { type Attempt, fieldAttempts } from './tenants/attempts.ts';
import { fieldsOf, knownKeys } from './tenants/fields.ts';
import { askForbidden, forbiddenRequests } from './tenants/forbidden.ts';
import { harmlessFields, harmlessNames } from './tenants/harmless.ts';
import { namesakes } from './tenants/namesakes.ts';
import { qualifiedNamesInSources } from './tenants/read-keys.ts';
import { bytesForOthers, type Expectations, type Result, runRound } from './tenants/round.ts';
import { forEach } from './tenants/served.ts';
import { attemptTable, outcomeLine } from './tenants/table.ts';
import { foreignCertificates, startTenantWorld, type TenantWorld } from './tenants/tenant-world.ts';
import { tricks } from './tenants/tricks.ts';

/** Attempts in force at once. */
const ROUND = 300;

const golden = new URL('./tenants/golden/attempts.txt', import.meta.url);
/** Both address families, so that Services can have endpoints of either. */
const flags = ['--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112'];

describe('[ISOLATED] a tenant who may write everything in a namespace of its own', function () {
  this.timeout(1_200_000);
  const server = useApiServer({ controllers: false, flags });
  let world: TenantWorld;
  let expected: Expectations;
  /** In force one after the other, the attempts of a round together. */
  let rounds: readonly (readonly Attempt[])[] = [];
  const forbidden = forbiddenRequests();

  before(async () => {
    world = await startTenantWorld(server());
    expected = {
      foreignAnswers: await world.foreignAnswers(),
      foreignCertificates: await foreignCertificates(server()),
      certificate: (await world.asMember()).certificate,
    };
    const { adminPort, httpPort } = world.replica;
    const [outer = '127.0.0.1'] = outerAddresses();
    const ports = { ledger: world.apps.ledger.port, admin: adminPort, http: httpPort, outer };
    const together = [...fieldAttempts(ports), ...tricks].map((attempt, number) => attempt(number));
    const apart = namesakes.map((attempt, index) => attempt(together.length + index));
    rounds = [...chunks(together, ROUND), apart];
  });
  after(async () => world?.close());

  /** All attempts, some hundred at once; the attacker asks for what is not its own besides. */
  const attack = async (): Promise<readonly Result['outcome'][]> => {
    const before = { asked: world.requests(), foreign: foreignBytes() };
    const refusals = await forEach(forbidden, 8, async (request) => {
      const outcome = await askForbidden(world.attacker, request);
      assert.equal(outcome, 'forbidden', request.title);
      return outcome;
    });
    const results: Result[] = [];
    for (const round of rounds) results.push(...(await runRound(server(), world, round, expected)));
    const idle = results.filter(({ attempt, outcome }) => attempt.field === 'several' && outcome === 'invalid');
    assert.deepEqual(
      idle.map(({ attempt }) => attempt.title),
      [],
      'a trick that the API server knows shows nothing',
    );
    const outcomes = [...refusals, ...results.map(({ outcome }) => outcome)];
    console.log(`      ${outcomeLine(outcomes)}`);
    console.log(
      `      ${world.requests() - before.asked} requests; bytes that reached apps of others: ${foreignBytes() - before.foreign}; of requests for others that reached the attacker: ${bytesForOthers(world)}`,
    );
    return outcomes;
  };
  /** Beyond what the member of Finance asks for, which each round counts. */
  const foreignBytes = () => world.apps.bystander.bytes().length + world.apps.ownPod.bytes().length;

  it('is tried with every field, label and annotation that is read: a new one is attacked, or somebody says why not', () => {
    const attempts = rounds.flat();
    const tried = new Set([...attempts, ...forbidden].map(({ field }) => field));
    const fields = kinds.flatMap(({ kind }) => fieldsOf(kind).map(({ text }) => text));
    assert.deepEqual(
      fields.filter((field) => !tried.has(field)),
      Object.keys(harmlessFields),
    );
    const known = [...Object.values(knownKeys).flat(), ...Object.keys(harmlessNames)].filter((name) =>
      /\w\//.test(name),
    );
    const exceptAny = known.filter((name) => !name.startsWith('example.com/'));
    assert.deepEqual(qualifiedNamesInSources(), exceptAny.toSorted());
    const table = attemptTable(attempts, forbidden);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, table);
    assert.equal(table, readFileSync(golden, 'utf8'));
  });

  it('takes nothing of others where only the controller decides', async () => {
    const outcomes = await attack();
    assert.ok(!outcomes.includes('refused'), 'there are no admission policies yet');
    assert.ok(outcomes.filter((outcome) => outcome === 'accepted').length > 500);
  });

  it('takes nothing of others with the admission policies of the chart', async () => {
    await installPolicies(server().admin, 'entragate', {}, 'entragate', 'evil');
    const outcomes = await attack();
    assert.ok(outcomes.filter((outcome) => outcome === 'refused').length > 50);
  });
});

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
