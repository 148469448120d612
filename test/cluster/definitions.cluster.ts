import assert from 'node:assert/strict';
import { Registry } from '@prometheus-io/client';
import { afterEach, before, describe, it } from 'mocha';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { watchDefinitions } from '../../src/kube/status/definitions.ts';
import { createSilentLog, type Log } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { createAccount } from './kube/accounts.ts';
import { applyObject, installDefinitions, readDefinitions, type TestObject } from './kube/objects.ts';
import { useApiServer } from './kube/use-api-server.ts';

const name = 'policies.entragate.dev';

describe('definitions older than the release', () => {
  const server = useApiServer({ controllers: false, flags: [] });
  let definitions: readonly TestObject[] = [];
  let client: ApiClient | null = null;
  let ended: Promise<void> = Promise.resolve();
  let stop = new AbortController();

  const watch = async (token: string) => {
    const registry = new Registry();
    const warnings: string[] = [];
    const log: Log = { ...createSilentLog(), warn: (_fields, message) => void warnings.push(message) };
    stop = new AbortController();
    client = createApiClient({
      kind: 'kubeconfig',
      path: await server().writeKubeconfig('watch', token, server().port),
    });
    ended = watchDefinitions({ client, registry, log, signal: stop.signal }, 50);
    const metric = async () =>
      /^entragate_crd_outdated\{crd="policies.entragate.dev"\} (\d)$/m.exec(await registry.metrics())?.[1];
    return { warnings, metric };
  };
  const withoutRevision = (definition: TestObject): TestObject => {
    const { annotations: _, ...metadata } = definition.metadata;
    return { ...definition, metadata };
  };

  before(async () => {
    definitions = (await readDefinitions()).filter(({ metadata }) => metadata.name === name);
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    client?.close();
  });

  it('are named in log and metric until they are applied', async () => {
    await installDefinitions(server().admin, definitions.map(withoutRevision));
    const { warnings, metric } = await watch(server().adminToken);
    await until(async () => (await metric()) === '1');
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /^The CustomResourceDefinition policies\.entragate\.dev has revision 0, .* kubectl apply/,
    );
    for (const definition of definitions) await applyObject(server().admin, definition);
    await until(async () => (await metric()) === '0');
    assert.equal(warnings.length, 1, 'it is said once');
  });

  it('of a newer release are in order: an older controller denies by fields that it does not know', async () => {
    const newer = ({ metadata, ...definition }: TestObject): TestObject => {
      return { ...definition, metadata: { ...metadata, annotations: { 'entragate.dev/revision': '999' } } };
    };
    await installDefinitions(server().admin, definitions.map(newer));
    const { warnings, metric } = await watch(server().adminToken);
    await until(async () => (await metric()) === '0');
    assert.deepEqual(
      warnings.filter((warning) => warning.includes(name)),
      [],
    );
  });

  it('can not be told without the permission, which is said once and changes nothing else', async () => {
    const { warnings, metric } = await watch(await createAccount(server(), 'entragate', 'nobody'));
    await until(() => warnings.length === 4);
    assert.match(warnings.join('\n'), /policies\.entragate\.dev is older than this release can not be told: .*403/);
    assert.equal(await metric(), undefined);
  });
});
