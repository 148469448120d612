import {
  endpointSliceObject,
  namespaceObject,
  routeObject,
  serviceObject,
  type TestObject,
  tlsSecretObject,
} from '../kube/objects.ts';
import type { Entra } from '../release/entra.ts';

/** Documentation address (RFC 5737) of every app's endpoint. */
export const APP_ADDRESS = '192.0.2.10';

export interface RoutedApp {
  readonly namespace: string;
  readonly name: string;
  readonly host: string;
  /** What `entragate.dev/policies` says. */
  readonly policies: string;
  readonly className: string;
}

/** A namespace with an app in it: its Ingress, its Service, its endpoints, and a certificate for its host. */
export async function routedApp({ authority }: Entra, app: RoutedApp): Promise<readonly TestObject[]> {
  const { policies, ...route } = app;
  const { namespace, name, host } = app;
  const secretName = `${name}-tls`;
  const annotations = { 'entragate.dev/policies': policies };
  return [
    namespaceObject(namespace),
    tlsSecretObject(namespace, secretName, await authority.issue([host])),
    serviceObject(namespace, name),
    endpointSliceObject(namespace, `${name}-1`, name, [APP_ADDRESS]),
    routeObject({ ...route, annotations, secretName, service: name }),
  ];
}
