import { freePort as choosePort } from '../../src/cli/dev-options.ts';

const chosen = new Set<number>();

/** A port of 127.0.0.1 that no outgoing connection takes until something listens on it, nor any other test of this process. */
export async function freePort(): Promise<number> {
  const port = await choosePort('127.0.0.1');
  if (chosen.has(port) || isOfKubernetes(port)) return freePort();
  chosen.add(port);
  return port;
}

/** Several of them. */
export function freePorts(count: number): Promise<readonly number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

/** Where daemons of a Kubernetes node listen, on all addresses: https://kubernetes.io/docs/reference/networking/ports-and-protocols/. */
function isOfKubernetes(port: number): boolean {
  return port >= 10_240 && port < 10_270;
}
