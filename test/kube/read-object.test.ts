import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseAnnotations } from '../../src/api/annotations.ts';
import { kinds } from '../../src/api/kinds.ts';
import { readObject } from '../../src/kube/read-object.ts';
import { ingressObject } from '../cluster/kube/objects.ts';

const info = kinds.find(({ kind }) => kind === 'Ingress');

/** The annotations that translation gets to see of an Ingress. */
const annotationsRead = (annotations: Readonly<Record<string, string>>) => {
  const object = ingressObject('apps', 'ledger', 'ledger');
  assert.ok(info !== undefined);
  const read = readObject({ ...object, metadata: { ...object.metadata, annotations } }, info);
  assert.ok(read?.content.ok && read.content.value.kind === 'Ingress');
  return { names: Object.keys(read.content.value.metadata.annotations), parsed: parseAnnotations(read.content.value) };
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
});
