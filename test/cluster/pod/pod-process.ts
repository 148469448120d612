import { surroundingsOfPod } from '../../../src/cli/assemble-replica.ts';
import { startServe } from '../../../src/cli/serve.ts';
import { readServeOptions } from '../../../src/cli/serve-options.ts';
import { untilSignal } from '../../../src/cli/until-signal.ts';
import type { Mappings } from '../../../src/processes/mapped-services.ts';

/** What `pod.ts` tells this process beside its environment: what the command line of the product can not say. */
export interface PodOrder {
  /** Folder that stands for the root of the container's file system. */
  readonly root: string;
  readonly mappings: Mappings;
}

const { root, mappings }: PodOrder = JSON.parse(process.argv[2] ?? '');
const options = readServeOptions([], process.env);
if (options === 'help') throw new Error('no help was asked for');
const running = await startServe(
  { ...options, access: { kind: 'in-cluster', root } },
  { ...surroundingsOfPod, mappings },
);
await untilSignal();
await running.close(options.graceMs);
