import type { NodeCluster } from './connect.ts';

/** What the cluster writes by itself: what happened, whether the node is alive, and what follows from definitions. */
const passing = /^(Event|Lease kube-node-lease|APIService) /;

/** Every object of the cluster, as `KIND NAMESPACE NAME`, sorted. */
export async function allObjects({ kubectl }: NodeCluster): Promise<readonly string[]> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '--output=name')).trim().split('\n');
  const columns = '--output=custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  const rows = await kubectl('get', kinds.join(), '--all-namespaces', '--no-headers', columns);
  const lines = rows.split('\n').map((row) => row.trim().replaceAll(/ +/g, ' '));
  return lines.filter((line) => line !== '' && !passing.test(line)).toSorted();
}
