import { readFile } from 'node:fs/promises';
import { ApiRequests } from '../kube/api-requests.ts';
import { succeed } from '../kube/run-program.ts';

/** The cluster within whose namespaces a suite runs. */
export interface NodeCluster {
  /** Requests to its API server, as the administrator. */
  readonly admin: ApiRequests;
  /** What the command prints. @throws Error with what it said when it failed */
  readonly kubectl: (...argv: readonly string[]) => Promise<string>;
  readonly helm: (...argv: readonly string[]) => Promise<string>;
}

/** Follows KUBECONFIG, which `inside.ts` sets. */
export async function connectToNode(): Promise<NodeCluster> {
  const kubeconfig = process.env.KUBECONFIG ?? '';
  if (process.env.ENTRAGATE_IMAGE === undefined) throw new Error('this suite runs within a node: npm run test:node');
  const { clusters, users } = JSON.parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': authority } = clusters[0].cluster;
  return {
    admin: new ApiRequests(server, Buffer.from(authority, 'base64').toString('utf8'), users[0].user.token),
    kubectl: (...argv) => succeed('kubectl', { argv, kubeconfig, input: '' }),
    helm: (...argv) => succeed('helm', { argv, kubeconfig, input: '' }),
  };
}
