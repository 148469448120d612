/** A well-formed Policy. */
export function policy(name: string, group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8'): string {
  return `apiVersion: entragate.dev/v1alpha1
kind: Policy
metadata: {name: ${name}, namespace: apps}
spec:
  groups:
    - ${group}
`;
}

/** A well-formed Ingress of one host. */
export function ingress(name: string, namespace = 'apps'): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  rules: [{host: ${name}.example.com}]
`;
}
