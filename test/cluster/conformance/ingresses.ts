import type { TestObject } from '../kube/objects.ts';

/** The one thing that is added to every Ingress of the suite. */
const annotations = { 'entragate.dev/access': 'public' };

type Paths = readonly (readonly [type: 'Exact' | 'Prefix', path: string, service: string])[];

function ingress(namespace: string, name: string, spec: object): TestObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace, name, annotations }, spec };
}

const backend = (name: string, port: object = { number: 8080 }) => ({ service: { name, port } });

function rule(host: string, paths: Paths): object {
  return {
    host,
    http: { paths: paths.map(([pathType, path, service]) => ({ path, pathType, backend: backend(service) })) },
  };
}

export const defaultBackendIngress = (namespace: string) =>
  ingress(namespace, 'default-backend', { defaultBackend: backend('echo-service') });

export const loadBalancingIngress = (namespace: string) =>
  ingress(namespace, 'load-balancing', { defaultBackend: backend('echo-service') });

export const hostRulesIngress = (namespace: string) =>
  ingress(namespace, 'host-rules', {
    tls: [{ hosts: ['foo.bar.com'], secretName: 'conformance-tls' }],
    rules: [
      rule('*.foo.com', [['Prefix', '/', 'wildcard-foo-com']]),
      {
        host: 'foo.bar.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend('foo-bar-com', { name: 'http' }) }] },
      },
    ],
  });

export const pathRulesIngress = (namespace: string) =>
  ingress(namespace, 'path-rules', {
    rules: [
      rule('exact-path-rules', [['Exact', '/foo', 'foo-exact']]),
      rule('prefix-path-rules', [
        ['Prefix', '/foo', 'foo-prefix'],
        ['Prefix', '/aaa/bbb', 'aaa-slash-bbb-prefix'],
        ['Prefix', '/aaa', 'aaa-prefix'],
      ]),
      rule('mixed-path-rules', [
        ['Prefix', '/foo', 'foo-prefix'],
        ['Exact', '/foo', 'foo-exact'],
      ]),
      rule('trailing-slash-path-rules', [
        ['Prefix', '/aaa/bbb/', 'aaa-slash-bbb-slash-prefix'],
        ['Exact', '/foo/', 'foo-slash-exact'],
      ]),
    ],
  });

export const ingressClassIngress = (namespace: string) =>
  ingress(namespace, 'test-ingress-class', {
    ingressClassName: 'some-invalid-class-name',
    rules: [rule('ingress-class', [['Prefix', '/', 'ingress-class-prefix']])],
  });
