import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { Registry } from '@prometheus-io/client';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ApiClient, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { type ClusterSource, openClusterSource, sourceTiming } from '../../src/kube/objects/cluster-source.ts';
import { createSourceMetrics } from '../../src/kube/objects/source-metrics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { until } from '../support/until.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';

const good = { ports: [{ port: 80 }] };
const broken = { ports: [{ port: 'http' }] };

function service(name: string, spec: object): object {
  return { metadata: { namespace: 'apps', name, resourceVersion: '2' }, spec };
}

describe('the log, about objects that can not be read', () => {
  let server: ScriptedApiServer;
  let client: ApiClient;
  let source: ClusterSource;
  let watch: ServerResponse | null;
  let lines: string[];
  let listed: readonly object[];

  beforeEach(async () => {
    watch = null;
    lines = [];
    listed = [];
    server = await startScriptedApiServer((what, { pathname }, response) => {
      const isOfServices = pathname === '/api/v1/services';
      if (what === 'list') {
        response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: isOfServices ? listed : [] }));
        return;
      }
      response.flushHeaders();
      if (isOfServices) watch = response;
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig });
  });
  afterEach(async () => {
    await source.close();
    client.close();
    await server.close();
  });

  const open = async () => {
    const destination = new Writable({
      write: (chunk, _, done) => {
        const { msg, kind }: { readonly msg: string; readonly kind?: string } = JSON.parse(String(chunk));
        if (kind === 'Service') lines.push(msg);
        done();
      },
    });
    source = openClusterSource({
      ...{ client, namespaces: null, ownService: null, timing: sourceTiming },
      metrics: createSourceMetrics(new Registry()),
      log: createLogger({ level: 'info', format: 'json', destination }),
    });
    await source.synced;
    await until(() => watch !== null);
  };
  const tell = (type: 'MODIFIED' | 'DELETED', name: string, spec: object) =>
    watch?.write(`${JSON.stringify({ type, object: service(name, spec) })}\n`);

  it('names each, once, with what is wrong with it, and again when something else is', async () => {
    listed = [service('wiki', broken), service('notes', good)];
    await open();
    const first =
      'Service apps/wiki can not be read, and what needs it is denied or not served: spec.ports[0].port must be an integer, not a string';
    assert.deepEqual(lines, [first]);
    tell('MODIFIED', 'wiki', broken);
    tell('MODIFIED', 'notes', { ports: [{ port: 0 }] });
    await until(() => lines.length === 2);
    assert.match(lines[1] ?? '', /^Service apps\/notes .* 0 is less than 1$/);
    tell('MODIFIED', 'notes', good);
    tell('MODIFIED', 'notes', { ports: [{ port: 0 }] });
    await until(() => lines.length === 3);
    tell('DELETED', 'wiki', broken);
    tell('MODIFIED', 'wiki', broken);
    await until(() => lines.length === 4);
    assert.equal(lines[3], first, 'what was deleted and is written again is another one');
  });

  it('[BOUNDED] names the first hundred of a list, and says how many there are', async () => {
    listed = Array.from({ length: 250 }, (_, index) => service(`wiki-${index}`, broken));
    await open();
    assert.deepEqual(
      [lines.length, lines.at(-1)],
      [101, '150 further Service objects can not be read: entragate check --cluster names them'],
    );
  });
});
