import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { parse, stringify } from 'yaml';
import { validateSnapshot } from '../../src/snapshot/validate-snapshot.ts';
import { translate } from '../../src/translate/translate.ts';
import { goldenOutput } from './golden-output.ts';
import { emptyState, goldenNames, readManifests, testOptions } from './manifest-state.ts';

const folder = new URL('./golden/', import.meta.url);
const isUpdate = process.env.UPDATE_GOLDEN === '1';

describe('translation, golden pairs (UPDATE_GOLDEN=1 rewrites them)', () => {
  const base = readManifests(readFileSync(new URL('./golden-base.yaml', import.meta.url), 'utf8'), {
    state: emptyState(),
    options: testOptions,
  });
  const baseTranslation = translate(base.state, base.options);

  for (const name of goldenNames(folder)) {
    it(name.replaceAll('-', ' '), () => {
      const { state, options } = readManifests(readFileSync(new URL(`${name}.in.yaml`, folder), 'utf8'), base);
      const translation = translate(state, options);
      assert.deepEqual(validateSnapshot(translation.snapshot), []);
      const output = stringify(goldenOutput(translation, baseTranslation), {
        lineWidth: 0,
        aliasDuplicateObjects: false,
      });
      const file = new URL(`${name}.out.yaml`, folder);
      if (isUpdate) writeFileSync(file, output);
      assert.deepEqual(parse(output), parse(readFileSync(file, 'utf8')));
    });
  }
});
