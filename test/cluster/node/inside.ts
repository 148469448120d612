import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { kubeProgram } from '../kube/build.ts';
import { startNode } from './start-node.ts';

/** `inside.ts FOLDER CGROUP IMAGES COMMAND…`: the node, for as long as the command runs, with kubectl and helm at hand. */
const [folder = '', cgroup = '', images = '', program = '', ...argv] = process.argv.slice(2);
const startedAt = performance.now();
const node = await startNode({ folder, cgroup, images: images.split(delimiter) });
console.log(`a node is Ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
const tools = await Promise.all((['kubectl', 'helm'] as const).map((tool) => kubeProgram(tool, 'refused')));
const child = spawn(program, argv, {
  stdio: 'inherit',
  env: {
    ...process.env,
    KUBECONFIG: node.server.kubeconfig,
    PATH: [...tools.map((tool) => dirname(tool)), process.env.PATH].join(delimiter),
  },
});
process.exitCode = await new Promise<number>((resolve) => {
  child.once('error', (error) => {
    console.error(error.message);
    resolve(127);
  });
  child.once('close', (code) => resolve(code ?? 1));
});
await node.end();
