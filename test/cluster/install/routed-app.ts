import { endpointSliceObject, namespaceObject, type TestObject } from '../kube/objects.ts';
import type { Entra } from './entra.ts';
import { tlsSecret } from './install-release.ts';

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
export async function routedApp(entra: Entra, app: RoutedApp): Promise<readonly TestObject[]> {
  const { namespace, name, host, policies, className } = app;
  const metadata = { namespace, name };
  const backend = { service: { name, port: { number: 80 } } };
  return [
    namespaceObject(namespace),
    await tlsSecret(namespace, `${name}-tls`, entra.authority.issue([host])),
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80, targetPort: 8080 }] } },
    endpointSliceObject(namespace, `${name}-1`, name, [APP_ADDRESS]),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...metadata, annotations: { 'entragate.dev/policies': policies } },
      spec: {
        ingressClassName: className,
        tls: [{ hosts: [host], secretName: `${name}-tls` }],
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
  ];
}
