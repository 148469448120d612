import { type DataPlaneLimits, defaultLimits } from '../proxy/data-plane-options.ts';

const MIB = 1024 * 1024;
/** What the primary takes, and each worker without connections: what the chart's values say of memory. */
const PRIMARY_BYTES = 200 * MIB;
const WORKER_BYTES = 100 * MIB;
/** An idle connection over TLS, measured: 57 KiB, and 67 KiB after a request. */
const CONNECTION_BYTES = 64 * 1024;
/** Whoever gives less memory than this needs wants to be served all the same. */
const LEAST_CONNECTIONS = 1_000;
/** Above, no limit is meant: cgroups write one that no machine has. */
const MOST_MEANT_BYTES = 2 ** 46;

/**
 * The caps on connections of one worker that its container has memory for. Past its limit the kernel ends a process with everybody's connections,
 * where the cap refuses the next one; and no client alone takes all there are.
 *
 * @param memoryBytes limit of the container (`process.constrainedMemory()`); 0 or more than any machine has: none
 * @param workers that share it; 0: one process is all
 */
export function connectionsInMemory(
  memoryBytes: number,
  workers: number,
): Pick<DataPlaneLimits, 'connections' | 'connectionsPerClient'> {
  const { connections, connectionsPerClient } = defaultLimits;
  if (memoryBytes <= 0 || memoryBytes > MOST_MEANT_BYTES) return { connections, connectionsPerClient };
  const processes = Math.max(1, workers);
  const forConnections = (memoryBytes - PRIMARY_BYTES) / processes - WORKER_BYTES;
  const most = Math.max(LEAST_CONNECTIONS, Math.min(connections, Math.floor(forConnections / CONNECTION_BYTES)));
  return { connections: most, connectionsPerClient: Math.min(connectionsPerClient, Math.floor(most / 2)) };
}
