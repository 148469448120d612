import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { UnreadableObject } from '../../src/api/cluster-state.ts';
import { translate } from '../../src/translate/translate.ts';
import { emptyState, testOptions } from './manifest-state.ts';

describe('what is said of an object that can not be read', () => {
  for (const [kind, namespace] of [
    ['Policy', 'apps'],
    ['ClusterPolicy', ''],
    ['IdentityProvider', ''],
  ] as const) {
    it(`is said of its newest generation, where none was ever read (${kind})`, () => {
      const object: UnreadableObject = {
        ref: { kind, namespace, name: 'newer' },
        lastGood: null,
        version: { uid: 'u-1', generation: 7 },
        reason: 'spec.denyAlso is not a field of this version',
        where: 'the API server',
      };
      const { statuses } = translate({ ...emptyState(), unreadable: [object] }, testOptions);
      const said = statuses.map(({ uid, generation, conditions }) => [uid, generation, conditions[0]?.reason]);
      assert.deepEqual(said, [['u-1', 7, 'Unreadable']]);
    });
  }
});
