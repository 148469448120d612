import type { RequestOptions } from 'node:https';
import { readPodRoute } from './pod-route.ts';

/** Where the API server is, and as whom it is asked. */
export type ApiAccess =
  /** The ServiceAccount of the pod, whose token is read again while it rotates. `root` is where its files are mounted: empty in a pod. */
  { readonly kind: 'in-cluster'; readonly root: string } | { readonly kind: 'kubeconfig'; readonly path: string };

/** The way of requests to the API server: host, port, what to trust, and credentials. */
export interface ApiRoute {
  readonly hostname: string;
  readonly port: number;
  /** Before the path of every request, without a slash at its end. */
  readonly pathPrefix: string;
  /** TLS options, `Authorization`, and an agent where there is a proxy: as of now, since tokens rotate. */
  readonly credentials: () => Promise<RequestOptions>;
}

/**
 * Reads how the API server is reached.
 *
 * @throws Error in words for people
 */
export async function readApiRoute(access: ApiAccess): Promise<ApiRoute> {
  switch (access.kind) {
    case 'in-cluster':
      return readPodRoute(access.root, process.env);
    case 'kubeconfig':
      // Loaded where it is needed: the library brings all models of the API, 80 MB of memory that a pod has no use for.
      return (await import('./kubeconfig-route.ts')).readKubeconfigRoute(access.path);
    default:
      return access satisfies never;
  }
}
