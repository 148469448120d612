import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import type { TestAuthority } from '../../support/test-authority.ts';
import {
  endpointSliceObject,
  namespaceObject,
  policyObject,
  routeObject,
  serviceObject,
  type TestObject,
  tlsSecretObject,
} from '../kube/objects.ts';
import { addresses, evil, release, treasury, twin, vault } from './foreign.ts';

const { finance } = CONTOSO.groups;

/** What is there before the attacker comes: hosts that are declared, one that is not, policies for some namespaces, and our own Pods. */
export async function victimObjects(authority: TestAuthority): Promise<readonly TestObject[]> {
  const certificate = (...names: readonly string[]) => authority.issue(names);
  const declared = treasury.hosts.join(', ');
  return [
    namespaceObject(treasury.namespace, { 'entragate.dev/hosts': declared }),
    namespaceObject(vault.namespace),
    namespaceObject(twin.namespace, { 'entragate.dev/hosts': twin.host }),
    ...evil.namespaces.map((name) => namespaceObject(name)),
    // The app of the treasury, Finance only.
    policyObject(treasury.namespace, treasury.policy, finance),
    tlsSecretObject(treasury.namespace, treasury.secret, await certificate(treasury.host)),
    ...appObjects(treasury.namespace, treasury.service, addresses.ledger),
    routeObject({
      ...{ namespace: treasury.namespace, name: treasury.ingress, host: treasury.host },
      ...{ annotations: { 'entragate.dev/policies': treasury.policy } },
      ...{ service: treasury.service, secretName: treasury.secret },
    }),
    // Hosts of others, each with names that the attacker could join or guess.
    policyObject(vault.namespace, vault.policy, vault.group),
    tlsSecretObject(vault.namespace, vault.secret, await certificate(vault.host)),
    ...appObjects(vault.namespace, vault.service, addresses.bystander),
    routeObject({
      ...{ namespace: vault.namespace, name: vault.ingress, host: vault.host },
      ...{ annotations: { 'entragate.dev/policies': vault.policy } },
      ...{ service: vault.service, secretName: vault.secret },
    }),
    policyObject(twin.namespace, twin.name, finance),
    tlsSecretObject(twin.namespace, twin.name, await certificate(twin.host)),
    ...appObjects(twin.namespace, twin.name, addresses.bystander),
    routeObject({
      ...{ namespace: twin.namespace, name: twin.name, host: twin.host },
      ...{ annotations: { 'entragate.dev/policies': twin.name }, service: twin.name, secretName: twin.name },
    }),
    clusterPolicy(treasury.clusterPolicy, { names: [treasury.namespace] }),
    clusterPolicy('by-label', { selector: { matchLabels: { team: 'treasury' } } }),
    clusterPolicy('for-nobody', {}),
    // One of our own Pods, as the metrics Service of the release has it.
    serviceObject(release.namespace, release.service),
    endpointSliceObject(release.namespace, `${release.service}-1`, release.service, [addresses.ownPod]),
  ];
}

function appObjects(namespace: string, service: string, address: string): readonly TestObject[] {
  return [serviceObject(namespace, service), endpointSliceObject(namespace, `${service}-1`, service, [address])];
}

function clusterPolicy(name: string, allowedNamespaces: object): TestObject {
  return {
    apiVersion: 'entragate.dev/v1alpha1',
    kind: 'ClusterPolicy',
    metadata: { name },
    spec: { groups: [finance], allowedNamespaces },
  };
}
