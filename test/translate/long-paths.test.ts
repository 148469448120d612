import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { kindInfo } from '../../src/api/kinds.ts';
import { ClusterObjects } from '../../src/kube/objects/cluster-objects.ts';
import { readObject } from '../../src/kube/objects/read-object.ts';
import { translate } from '../../src/translate/translate.ts';
import { testOptions } from './manifest-state.ts';

const backend = { service: { name: 'web', port: { number: 80 } } };

function ingress(name: string, annotations: Readonly<Record<string, string>>, paths: readonly string[]): unknown {
  const written = paths.map((path) => ({ path, pathType: 'Prefix', backend }));
  return {
    metadata: { namespace: 'apps', name, annotations, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ingressClassName: 'entragate', rules: [{ host: 'a.example.com', http: { paths: written } }] },
  };
}

/** As a replica holds them that lists them for the first time. */
function listed(...ingresses: readonly unknown[]) {
  const objects = new ClusterObjects(null);
  const take = (kind: 'Ingress' | 'IngressClass' | 'Namespace', raw: unknown) => {
    const object = readObject(raw, kindInfo(kind));
    assert.ok(object !== null);
    objects.apply({ type: 'written', object });
  };
  take('IngressClass', { metadata: { name: 'entragate' }, spec: { controller: testOptions.controllerName } });
  take('Namespace', { metadata: { name: 'apps' } });
  for (const raw of ingresses) take('Ingress', raw);
  return translate(objects.state(), testOptions);
}

describe('an Ingress with a path that is longer than any (the API server takes it)', () => {
  const long = `/admin/${'x'.repeat(5_000)}`;
  const open = ingress('open', { 'entragate.dev/access': 'public' }, ['/']);
  const accessAt = ({ snapshot }: ReturnType<typeof listed>, path: string) =>
    [...snapshot.hosts.values()].flatMap(({ value }) => value.routes).find((route) => route.path.value === path)
      ?.access;

  it('[CLOSED] is not forgotten by a replica that starts: what is in front of that path denies, and is not left to a wider route', () => {
    const translation = listed(open, ingress('guarded', { 'entragate.dev/policies': 'finance' }, [long, '/reports']));
    assert.deepEqual(accessAt(translation, '/'), {
      kind: 'public',
      why: 'entragate.dev/access of the Ingress is public',
    });
    for (const path of ['/admin', '/reports']) assert.equal(accessAt(translation, path)?.kind, 'denied', path);
  });

  it('is told of it in few words', () => {
    const { statuses } = listed(ingress('guarded', { 'entragate.dev/access': 'public' }, [long]));
    const message = statuses.find(({ ref }) => ref.name === 'guarded')?.event?.message ?? '';
    assert.match(message, /Path "\/admin\/x{70}\.\.\." has more than 4096 characters; it is not programmed\./);
    assert.match(message, /Requests below \/admin that nothing else matches are denied\./);
  });

  it('may have paths of 4,096 characters', () => {
    const path = `/${'x'.repeat(4_095)}`;
    assert.equal(accessAt(listed(ingress('open', { 'entragate.dev/access': 'public' }, [path])), path)?.kind, 'public');
  });
});
