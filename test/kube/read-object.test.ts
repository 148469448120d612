import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseAnnotations } from '../../src/api/annotations.ts';
import { kindInfo } from '../../src/api/kinds.ts';
import { readObject } from '../../src/kube/objects/read-object.ts';
import { ingressObject } from '../cluster/kube/objects.ts';

const info = kindInfo('Ingress');
const secretInfo = kindInfo('Secret');
const policyInfo = kindInfo('Policy');

/** The annotations that translation gets to see of an Ingress. */
const annotationsRead = (annotations: Readonly<Record<string, string>>) => {
  const object = ingressObject('apps', 'ledger', 'ledger');
  const read = readObject({ ...object, metadata: { ...object.metadata, annotations } }, info);
  assert.ok(read?.content.ok && read.content.value.kind === 'Ingress');
  const { annotations: kept } = read.content.value.metadata;
  return { names: Object.keys(kept), texts: Object.values(kept), parsed: parseAnnotations(read.content.value) };
};

describe('an object of the API server', () => {
  it('[CLOSED] keeps an annotation that is ours in another case: dropped at the door it would be overlooked, and the Ingress public', () => {
    const { names, parsed } = annotationsRead({
      'entragate.dev/access': 'public',
      'Entragate.dev/Policies': 'finance',
    });
    assert.deepEqual(names, ['Entragate.dev/Policies', 'entragate.dev/access']);
    assert.equal(parsed.ok, false);
  });

  it('leaves annotations of others at the door', () => {
    const { names } = annotationsRead({ 'example.com/owner': 'x', 'kubernetes.io/ingress.class': 'entragate' });
    assert.deepEqual(names, ['kubernetes.io/ingress.class']);
  });

  it('keeps one name of what other controllers read, without its text, so that its author can be told', () => {
    const { names, texts } = annotationsRead({
      'nginx.ingress.kubernetes.io/server-snippet': 'return 200;'.repeat(10_000),
      'nginx.ingress.kubernetes.io/auth-url': 'https://oauth2.example.com/auth',
      'entragate.dev/policies': 'finance',
    });
    assert.deepEqual(names, ['entragate.dev/policies', 'nginx.ingress.kubernetes.io/auth-url']);
    assert.deepEqual(texts, ['finance', '']);
  });

  it('[STATIC] leaves its status at the door: nobody reads it, and one that a newer release wrote in another form denied every route of a Policy', () => {
    assert.ok(policyInfo !== undefined);
    const written = (status: object) =>
      readObject(
        {
          metadata: { namespace: 'apps', name: 'finance' },
          spec: { users: ['87d349ed-44d7-43e1-9a83-5f2406dee5bd'] },
          status,
        },
        policyInfo,
      );
    const conditions = [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: 'x'.repeat(1_000) }];
    for (const status of [{ attachedRoutes: 3, controllers: [] }, { conditions }, { controllers: 'of a later form' }]) {
      const read = written(status);
      assert.ok(read?.content.ok, JSON.stringify(read?.content));
      assert.doesNotMatch(JSON.stringify(read.content.value), /status|attachedRoutes/);
    }
  });

  it('[ISOLATED] that is nested thousands of levels deep can not be read, and nothing else comes of it: the list that it stood in failed, for all tenants', () => {
    assert.ok(policyInfo !== undefined);
    for (const [open, close] of [
      ['[', ']'],
      ['{"and":', '}'],
    ] as const) {
      const rules: unknown = JSON.parse(`[{"allow":${open.repeat(9_000)}1${close.repeat(9_000)}}]`);
      const read = readObject({ metadata: { namespace: 'evil', name: 'deep' }, spec: { rules } }, policyInfo);
      assert.ok(read !== null && !read.content.ok);
      assert.match(read.content.reason, /^spec\.rules\[0\] is nested more than 32 levels deep/);
    }
  });

  it('[ISOLATED] that is a Secret of a megabyte is kept as far as a certificate needs it: tenants choose which are read', () => {
    assert.ok(secretInfo !== undefined);
    const long = Buffer.alloc(700_000, 'x').toString('base64');
    const few = Buffer.from('certificate').toString('base64');
    const kept = (type: string, data: Readonly<Record<string, string>>) => {
      const read = readObject({ metadata: { namespace: 'evil', name: 'large' }, type, data }, secretInfo);
      assert.ok(read?.content.ok && read.content.value.kind === 'Secret');
      return Object.keys(read.content.value.data);
    };
    assert.deepEqual(kept('kubernetes.io/tls', { 'ca.crt': few, 'tls.crt': few, 'tls.key': few, other: long }), [
      'tls.crt',
      'tls.key',
    ]);
    assert.deepEqual(kept('kubernetes.io/tls', { 'tls.crt': long, 'tls.key': few }), ['tls.key']);
    assert.deepEqual(kept('Opaque', { a: long, 'client-secret': few }), ['client-secret']);
    const ten = Object.fromEntries('abcdefghij'.split('').map((name) => [name, long.slice(0, 60_000)]));
    assert.deepEqual(kept('Opaque', ten), ['a', 'b']);
  });
});
