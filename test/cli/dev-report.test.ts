import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { problemLines } from '../../src/cli/dev-report.ts';
import { manifestProblems } from '../../src/cli/manifest-problems.ts';
import { manifestTranslation } from '../../src/cli/manifest-translation.ts';
import { readFolders } from '../../src/kube/manifests/file-source.ts';
import { translate } from '../../src/translate/translate.ts';
import { TemporaryFolder } from '../kube/temporary-folder.ts';

describe('what entragate dev prints', () => {
  it('names file, line and field of what translation finds wrong, also where it added objects of its own', async () => {
    const folder = await TemporaryFolder.create();
    const file = await folder.write(
      'policy.yaml',
      'apiVersion: entragate.dev/v1alpha1\nkind: Policy\nmetadata: {name: p, namespace: apps}\nspec:\n  rules:\n    - allow:\n        and:\n          - colour: red\n',
    );
    const reading = await readFolders([file]);
    await folder.remove();
    const optionsFor = manifestTranslation({
      authHost: null,
      defaultCertificate: { namespace: 'entragate', name: 'not-there' },
      controllerNamespace: 'entragate',
      hostOwnership: 'FirstCome',
      anyHostNamespaces: [],
      deniedCidrs: [],
    });
    const translation = translate(reading.state, optionsFor(reading.state));
    const problems = manifestProblems(reading.problems, reading.state, translation, reading.locate);
    const unused = { namespace: 'apps', service: 'a', port: 'http', target: { host: '127.0.0.1', port: 1 } };
    const [ofPolicy = '', ofOptions = '', ofMapping = '', ...others] = problemLines(problems, translation.warnings, [
      unused,
    ]);
    const place = `${file}:8:13: error: Policy apps/p: spec.rules[0].allow.and[0].colour: "colour" is not a criterion`;
    assert.ok(ofPolicy.startsWith(place), ofPolicy);
    assert.match(ofOptions, /^warning: The default certificate, Secret entragate\/not-there, does not exist/);
    assert.equal(ofMapping, 'warning: --map apps/a:http: no manifest has that Service port');
    assert.deepEqual(others, []);
  });
});
