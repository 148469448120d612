/** Fields that are read and not attacked, and why. A field that is in neither list fails the suite. */
export const harmlessFields: Readonly<Record<string, string>> = Object.fromEntries(
  ['Ingress', 'Service', 'EndpointSlice', 'Secret', 'Policy'].flatMap((kind) => [
    [`${kind} apiVersion`, 'names the version, and there is one'],
    [`${kind} kind`, 'names the kind: each is attacked as itself'],
  ]),
);

/** Names with a prefix in the sources that no tenant's object is asked for, and why. */
export const harmlessNames: Readonly<Record<string, string>> = {
  'app.kubernetes.io/managed-by': 'is written on our own objects',
  'entragate.dev/revision': 'is on CustomResourceDefinitions',
  'entragate.dev/revoked-before': 'is on Revocations, which no tenant writes',
  'entragate.dev/revoked-tenant': 'is on Revocations, which no tenant writes',
  'entragate.dev/revoked-user': 'is on Revocations, which no tenant writes',
  'ingressclass.kubernetes.io/is-default-class': 'is on IngressClasses, which no tenant writes',
  'kubernetes.io/metadata.name': 'is given to Namespaces of files',
  'kubernetes.io/tls': 'is a type of Secrets: attacked as that',
};
