import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiRoute } from './api-route.ts';

/**
 * The way that a kubeconfig file describes, exec plugins and proxies included.
 *
 * @throws Error in words for people
 */
export function readKubeconfigRoute(path: string): ApiRoute {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      `the kubeconfig ${path} has no current context, or one without a cluster: choose one by kubectl config use-context`,
    );
  }
  if (!cluster.server.startsWith('https://')) {
    throw new Error(`the kubeconfig ${path} names the server ${cluster.server}: a token is sent over https only`);
  }
  const { hostname, port, pathname } = new URL(cluster.server);
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || 443,
    pathPrefix: pathname.replace(/\/$/, ''),
    credentials: async () => {
      const options: RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(options);
      // The library's own agent keeps no connection; through a proxy it is the only one that knows the way.
      const { agent, ...others } = options;
      return cluster.proxyUrl ? { ...others, agent } : others;
    },
  };
}
