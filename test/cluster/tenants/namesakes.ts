import { endpointSliceObject, policyObject, routeObject, serviceObject } from '../kube/objects.ts';
import { type Attempt, ingressOf, namesOf, withAnnotations } from './attempts.ts';
import { withField } from './fields.ts';
import { addresses, evil, treasury, twin } from './foreign.ts';
import { trick } from './trick.ts';

const [namespace, joined, cluster] = evil.namespaces;
const group = '11111111-0000-4000-8000-000000000003';

/** Objects with names that are those of others, or join to them. Apart from what refers to such names in vain. */
export const namesakes: readonly ((number: number) => Attempt)[] = [
  trick('the names of another namespace, in the attacker’s own', () => [
    routeObject({
      ...{ namespace, name: treasury.ingress, host: treasury.host, service: treasury.service },
      ...{ annotations: { 'entragate.dev/policies': treasury.policy }, secretName: treasury.secret },
    }),
    policyObject(namespace, treasury.policy, group),
    serviceObject(namespace, treasury.service),
    endpointSliceObject(namespace, `${treasury.service}-1`, treasury.service, [addresses.trap]),
  ]),
  trick('a/b-c against a-b/c', () => [
    routeObject({
      ...{ namespace: joined, name: `b-${twin.name}`, host: twin.host, service: `b-${twin.name}` },
      ...{ annotations: { 'entragate.dev/policies': `b-${twin.name}` }, secretName: `b-${twin.name}` },
    }),
    policyObject(joined, `b-${twin.name}`, group),
    serviceObject(joined, `b-${twin.name}`),
    endpointSliceObject(joined, `b-${twin.name}-1`, `b-${twin.name}`, [addresses.trap]),
  ]),
  trick(
    'a Policy called cluster',
    (number) => {
      const ingress = withAnnotations(ingressOf(number), { 'entragate.dev/policies': 'cluster/cluster' });
      return [ingress, policyObject(namespace, 'cluster', group)];
    },
    { isClosed: true },
  ),
  trick(
    'a Policy of the namespace cluster, named like a ClusterPolicy',
    (number) => {
      const { name, host } = namesOf(number);
      const annotations = { 'entragate.dev/policies': `cluster/${treasury.clusterPolicy}` };
      return [
        routeObject({ namespace: cluster, name, host, service: name, annotations }),
        policyObject(cluster, treasury.clusterPolicy, group),
      ];
    },
    { isClosed: true },
  ),
  trick('a name that the API server makes up', (number) => {
    const ingress = ingressOf(number, { rules: [{ host: treasury.host }] });
    return [withField(ingress, ['metadata'], { ...ingress.metadata, name: '', generateName: 'ledger-web-' })];
  }),
  trick('an owner in another namespace', (number) => {
    const uid = '0badc0de-0000-4000-8000-000000000001';
    const owner = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      name: treasury.ingress,
      uid,
      controller: true,
    };
    const ingress = ingressOf(number, { rules: [{ host: treasury.host }] });
    const metadata = { ...ingress.metadata, ownerReferences: [{ ...owner, blockOwnerDeletion: true }] };
    return [{ ...ingress, metadata }];
  }),
];
