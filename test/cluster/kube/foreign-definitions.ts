import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { KubeUnavailable } from './build-step.ts';
import type { TestObject } from './objects.ts';

/** Go modules that carry the definitions of kinds which the chart writes and others define. `sum` is that of go.sum. */
const modules = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['prometheusrules', 'servicemonitors'].map(
      (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
    ),
  },
  {
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    files: ['deploy/crds/cert-manager.io_certificates.yaml'],
  },
] as const;

/**
 * The real definitions of ServiceMonitor, PrometheusRule and Certificate. Go keeps the modules in its own cache.
 *
 * @throws KubeUnavailable where Go can not have them
 */
export async function readForeignDefinitions(): Promise<readonly TestObject[]> {
  const files = await Promise.all(
    modules.map(async ({ module, sum, files }) => {
      const folder = await download(module, sum);
      return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    }),
  );
  return files.flat().map((text) => parse(text) as TestObject);
}

async function download(module: string, sum: string): Promise<string> {
  const run = promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
  const { stdout } = await run.catch((error: unknown) => {
    const last = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : '';
    throw new KubeUnavailable(`no definitions of ${module} (${last}). Go 1.26 fetches them: it has to reach its proxy`);
  });
  const { Dir: folder, Sum: actual }: { readonly Dir: string; readonly Sum: string } = JSON.parse(stdout);
  if (actual !== sum) throw new Error(`${module} is ${actual}, and not what was pinned`);
  return folder;
}
