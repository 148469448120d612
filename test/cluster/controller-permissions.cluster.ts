import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import { isRecord } from '../../src/api/normalize.ts';
import { until } from '../support/until.ts';
import { installPolicies, outcomeOf } from './chart/admission.ts';
import { grantRelease } from './chart/permissions.ts';
import { minimalValues } from './chart/render-chart.ts';
import { createAccount, issueToken } from './kube/accounts.ts';
import { ApiRequests } from './kube/api-requests.ts';
import { applyObject, namespaceObject, secretObject, type TestObject } from './kube/objects.ts';
import { succeed } from './kube/run-program.ts';
import { useApiServer } from './kube/use-api-server.ts';

/** Releases by the scope of their permissions; the one that is namespaced follows `apps`. */
const scopes = {
  cluster: { name: 'entragate', namespace: 'entragate', values: { ...minimalValues, rbac: { scope: 'cluster' } } },
  namespaced: {
    ...{ name: 'entragate', namespace: 'edge' },
    values: { ...minimalValues, rbac: { scope: 'namespaced', namespaces: ['apps'] } },
  },
} as const;
type Scope = keyof typeof scopes;

/** Where the controller runs, a namespace that it follows in either scope, and one that it follows in none but the first. */
const namespacesOf = (scope: Scope) => [scopes[scope].namespace, 'apps', 'hr'];

/** Of verbs, which the server tells in any order. */
const inOrder = (words: string) => words.split(' ').toSorted().join(' ');

describe('what the ServiceAccount of the controller may do', function () {
  this.timeout(300_000);
  const server = useApiServer({ controllers: false, flags: [] });
  const tokens: Record<string, string> = {};

  before(async () => {
    for (const name of ['apps', 'hr']) {
      await applyObject(server().admin, namespaceObject(name));
      await applyObject(server().admin, secretObject(name, 'material', 'what nobody lists'));
    }
    for (const scope of Object.keys(scopes) as Scope[]) {
      const release = scopes[scope];
      await createAccount(server(), release.namespace, release.name);
      await grantRelease(server(), release);
      tokens[scope] = await issueToken(server(), release.namespace, release.name);
    }
    tokens.nobody = await createAccount(server(), 'default', 'nobody');
  });

  /** The lines of `kubectl auth can-i --list` that not every account has: resources, paths, names, verbs. */
  const permissions = async (scope: Scope, namespace: string): Promise<readonly string[]> => {
    const listed = async (of: string) => {
      const kubeconfig = await server().writeKubeconfig(of, tokens[of] ?? '', server().port);
      const argv = ['auth', 'can-i', '--list', '--namespace', namespace, '--no-headers'];
      const lines = (await succeed('kubectl', { argv, kubeconfig, input: '' })).trimEnd().split('\n');
      return lines.map((line) =>
        line
          .replace(/ {2,}/g, '  ')
          .trimEnd()
          .replace(/[\w ]+(?=\]$)/, inOrder),
      );
    };
    const everybodys = new Set(await listed('nobody'));
    return (await listed(scope)).filter((line) => !everybodys.has(line)).toSorted();
  };

  for (const scope of Object.keys(scopes) as Scope[]) {
    it(`with rbac.scope ${scope} is what was reviewed, in each kind of namespace (UPDATE_GOLDEN=1 rewrites it)`, async () => {
      const file = new URL(`./chart/golden/can-i-${scope}.txt`, import.meta.url);
      const listed = async () => {
        const parts: string[] = [];
        for (const namespace of namespacesOf(scope)) {
          const lines = await permissions(scope, namespace);
          parts.push([`# in namespace ${namespace}`, ...lines].join('\n'));
        }
        return `${parts.join('\n\n')}\n`;
      };
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, await listed());
      const reviewed = readFileSync(file, 'utf8');
      let text = '';
      // What was granted is in force a moment later.
      await until(async () => {
        text = await listed();
        return text === reviewed;
      }).catch(() => assert.equal(text, reviewed));
    });

    it(`with rbac.scope ${scope} never holds a list or a watch of Secrets`, async () => {
      const client = new ApiRequests(server().url, server().caPem, tokens[scope] ?? '');
      const collections = [
        '/api/v1/secrets',
        ...namespacesOf(scope).map((name) => `/api/v1/namespaces/${name}/secrets`),
      ];
      const refused: string[] = [];
      for (const collection of collections) {
        for (const query of [
          '',
          '?watch=1',
          '?limit=1',
          '?fieldSelector=metadata.name%3Dmaterial',
          '?watch=1&fieldSelector=metadata.name%3Dmaterial',
        ]) {
          const { status, body } = await client.send('GET', collection + query);
          assert.equal(status, 403, collection + query);
          assert.ok(isRecord(body) && !JSON.stringify(body).includes('material":'), 'no Secret comes with the refusal');
          refused.push(collection + query);
        }
      }
      await until(async () => (await client.send('GET', '/api/v1/namespaces/apps/secrets/material')).status === 200);
      const isElsewhere = await client.send('GET', '/api/v1/namespaces/hr/secrets/material');
      assert.equal(isElsewhere.status, scope === 'cluster' ? 200 : 403);
      client.close();
      console.log(`      ${refused.length} lists and watches of Secrets answered 403`);
    });
  }

  it('makes itself no token of another ServiceAccount: RBAC can not limit what is created to a name, an admission policy can', async () => {
    const release = scopes.cluster;
    await installPolicies(server().admin, release.name, release.values, 'entragate');
    const client = new ApiRequests(server().url, server().caPem, tokens.cluster ?? '');
    const create = async (object: TestObject) => {
      const group = object.kind === 'Lease' ? 'apis/coordination.k8s.io/v1' : 'api/v1';
      const path = `/${group}/namespaces/${release.namespace}/${object.kind.toLowerCase()}s?dryRun=All`;
      return outcomeOf(await client.send('POST', path, object)).kind;
    };
    const secret = (name: string, type: string): TestObject => {
      const annotations = { 'kubernetes.io/service-account.name': 'default' };
      return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: release.namespace, name, annotations }, type };
    };
    const lease = (name: string): TestObject => {
      return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace: release.namespace, name } };
    };
    await until(async () => (await create(secret('loot', 'kubernetes.io/service-account-token'))) === 'refused');
    assert.equal(await create(secret('entragate-keys', 'kubernetes.io/service-account-token')), 'refused');
    assert.equal(await create(secret('loot', 'Opaque')), 'refused');
    assert.equal(await create(lease('of-another')), 'refused');
    assert.equal(await create(secret('entragate-keys', 'Opaque')), 'accepted');
    assert.equal(await create(lease('entragate')), 'accepted');
    const byOthers = secretObject(release.namespace, 'of-an-administrator', 'x');
    await applyObject(server().admin, byOthers);
    client.close();
  });
});
