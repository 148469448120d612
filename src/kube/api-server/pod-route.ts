import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiRoute } from './api-route.ts';

/** Where kubelet mounts the ServiceAccount (Kubernetes, "Accessing the Kubernetes API from a Pod"). */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A projected token is renewed at 80 % of its life, minutes before its end: so long it may be remembered (ms). */
const TOKEN_MS = 10_000;

/**
 * The way of a pod: KUBERNETES_SERVICE_HOST and _PORT, the certificate authority and the token of its ServiceAccount.
 *
 * @param root where the files are mounted; empty in a pod
 * @throws Error in words for people, when this is no pod
 */
export async function readPodRoute(root: string, environment: NodeJS.ProcessEnv): Promise<ApiRoute> {
  const { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!hostname) throw new Error('KUBERNETES_SERVICE_HOST is not set, so this is no pod: name a file by --kubeconfig');
  const folder = join(root, ACCOUNT_FOLDER);
  const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
  let known: { readonly token: string; readonly readAt: number } | null = null;
  const token = async () => {
    if (known === null || performance.now() - known.readAt > TOKEN_MS) {
      known = { token: (await readFile(join(folder, 'token'), 'utf8')).trim(), readAt: performance.now() };
    }
    return known.token;
  };
  await token();
  return {
    hostname,
    port: Number(port) || 443,
    pathPrefix: '',
    credentials: async () => ({ ca, headers: { Authorization: `Bearer ${await token()}` } }),
  };
}
