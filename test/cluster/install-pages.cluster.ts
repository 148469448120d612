import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { isRecord } from '../../src/api/normalize.ts';
import { createTestAuthority } from '../support/test-authority.ts';
import { chartFolder } from './chart/render-chart.ts';
import { startPodOf } from './install/install-release.ts';
import { type PageStep, readSteps } from './install/page-steps.ts';
import { kubeProgram } from './kube/build.ts';
import { applyObject, namespaceObject } from './kube/objects.ts';
import { useBareApiServer, usePrograms } from './kube/use-api-server.ts';
import { type Pod, untilReady } from './pod/pod.ts';

/** What needs a kubelet, which is not here: the suite of the real node runs it. Beginnings of commands. */
const needsKubelet = ['helm test ', 'kubectl exec ', 'kubectl -n entragate port-forward '];

/** Readers in the order in which they come: somebody who installs by one page goes on with the next. */
const readers: readonly (readonly string[])[] = [['README.md'], ['docs/install.md', 'docs/operations.md']];

for (const pages of readers)
  describe(`what ${pages.join(' and then ')} tell to do in a cluster`, function () {
    this.timeout(300_000);
    const server = useBareApiServer({ controllers: false, flags: [] });
    usePrograms();
    const pods: Pod[] = [];
    let steps: readonly PageStep[] = [];
    let folder = '';
    let path = '';

    before(async () => {
      steps = inOrder((await Promise.all(pages.map(readSteps))).flat());
      folder = await readersFolder();
      const programs = await Promise.all((['kubectl', 'helm'] as const).map((name) => kubeProgram(name, 'allowed')));
      path = [...programs.map((program) => dirname(program)), process.env.PATH].join(':');
      // The reader's own: where the app is.
      await applyObject(server().admin, namespaceObject('apps'));
    });
    after(async () => {
      for (const pod of pods) await pod.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });

    it('can be done exactly as it is written, in this order', async () => {
      const done = { commands: 0, objects: 0, values: 0 };
      const left: string[] = [];
      const values: unknown = parse(await readFile(join(chartFolder, 'values.yaml'), 'utf8'));
      for (const step of steps) {
        switch (step.kind) {
          case 'command':
            if (needsKubelet.some((beginning) => step.text.startsWith(beginning))) left.push(step.text);
            else {
              await run(step, step.text);
              done.commands += 1;
            }
            break;
          case 'objects':
            await writeFile(join(folder, 'objects.yaml'), step.text);
            await run(step, 'kubectl apply -f objects.yaml');
            done.objects += step.text.split(/^---$/m).length;
            break;
          case 'value':
            assert.ok(isValue(values, step.text), `${step.at}: the chart has no value ${step.text}`);
            done.values += 1;
            break;
          default:
            step.kind satisfies never;
        }
      }
      assert.ok(done.commands > 0 && done.objects > 0);
      console.log(
        `      ${done.commands} commands, ${done.objects} objects, ${done.values} values; not here: ${left.join('; ') || 'nothing'}`,
      );
    });

    /** A Deployment leads to Pods in a moment, as with its controller. */
    async function run({ at }: PageStep, command: string): Promise<void> {
      const options = {
        cwd: folder,
        env: { PATH: path, HOME: folder, KUBECONFIG: server().kubeconfig },
        timeout: 240_000,
      };
      await promisify(execFile)('sh', ['-c', command], options).catch((error: unknown) => {
        const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
        assert.fail(`${at}: ${command}\n${stdout}${stderr}`);
      });
      const [, name, namespace] = /^helm install (\S+) .*--namespace (\S+)/s.exec(command) ?? [];
      if (name === undefined || namespace === undefined) return;
      const pod = await startPodOf(server(), { name, namespace }, { mappings: [] });
      pods.push(pod);
      await untilReady(pod);
    }
  });

/** Removing comes last, wherever it stands. */
function inOrder(steps: readonly PageStep[]): readonly PageStep[] {
  const isRemoval = ({ text }: PageStep) => /^(helm uninstall|kubectl (-n \S+ )?delete) /.test(text);
  return [...steps.filter((step) => !isRemoval(step)), ...steps.filter(isRemoval)];
}

/** What the reader has: the chart, a client secret, and a certificate of the auth host. */
async function readersFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'entragate-reader-'));
  await symlink(join(chartFolder, '..'), join(folder, 'charts'));
  const { certPem, keyPem } = await (await createTestAuthority()).issue(['auth.example.com']);
  await writeFile(join(folder, 'client-secret.txt'), 'a-client-secret');
  await writeFile(join(folder, 'auth.example.com.crt'), certPem);
  await writeFile(join(folder, 'auth.example.com.key'), keyPem);
  return folder;
}

/** Whether values.yaml has what `a.b=c` sets. */
function isValue(values: unknown, setting: string): boolean {
  const [name = ''] = setting.split('=');
  const found = name.split('.').reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), values);
  return found !== undefined;
}
