import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { kubeProgram } from './build.ts';

describe('the programs of a test cluster', () => {
  const { KUBEBUILDER_ASSETS: given } = process.env;
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entragate-assets-'));
    for (const program of ['etcd', 'kube-apiserver'])
      await writeFile(join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
    process.env.KUBEBUILDER_ASSETS = folder;
  });
  after(async () => {
    if (given === undefined) delete process.env.KUBEBUILDER_ASSETS;
    else process.env.KUBEBUILDER_ASSETS = given;
    await rm(folder, { recursive: true, force: true });
  });

  it('are those of KUBEBUILDER_ASSETS where it is set (the envtest convention): nothing is built or fetched', async () => {
    for (const program of ['etcd', 'kube-apiserver'] as const) {
      assert.equal(await kubeProgram(program, 'allowed'), join(folder, program));
    }
  });
});
