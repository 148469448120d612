import { type RouteOptions, routeObject, type TestObject } from '../kube/objects.ts';

/** How the status of a Policy tells of a route. */
export interface ToldRoute {
  readonly state: 'Programmed' | 'Denied';
  readonly reason: string;
  readonly message: string;
}

/** An Ingress of `apps` on which something is wrong, and what people are told. */
export interface DeniedIngress {
  readonly why: string;
  readonly ingress: TestObject;
  /** What else has to be there. */
  readonly further: readonly TestObject[];
  /** The Event that `kubectl describe ingress` shows; null: there is none. */
  readonly event: { readonly type: 'Warning'; readonly reason: string; readonly message: string } | null;
  /** What `kubectl get policies.entragate.dev finance -o yaml` says of it; null: it uses no Policy that may tell. */
  readonly route: ToldRoute | null;
}

/** `policies`: what the annotation says. */
type IngressChange = Partial<Pick<RouteOptions, 'host' | 'secretName' | 'service' | 'className'>> & {
  readonly policies?: string;
};

type Annotations = RouteOptions['annotations'];

/** As a user of the namespace writes it: everything right but for what is given. */
function ingress(name: string, { policies, ...change }: IngressChange, others: Annotations = {}): TestObject {
  const annotations = { ...others, ...(policies === undefined ? {} : { 'entragate.dev/policies': policies }) };
  const right = { host: `${name}.example.com`, secretName: 'wildcard-tls', service: 'ledger' };
  return routeObject({ namespace: 'apps', name, annotations, ...right, ...change });
}

function policy(name: string, spec: object): TestObject {
  return { apiVersion: 'entragate.dev/v1alpha1', kind: 'Policy', metadata: { namespace: 'apps', name }, spec };
}

/** Whose sentences are the same in both places. */
function denied(reason: string, sentence: string): Pick<DeniedIngress, 'event' | 'route'> {
  return {
    event: { type: 'Warning', reason: 'Denied', message: `Every request is denied. ${sentence}` },
    route: { state: 'Denied', reason, message: sentence },
  };
}

function problematic(sentence: string): Pick<DeniedIngress, 'event' | 'route'> {
  const event = {
    type: 'Warning',
    reason: 'ProgrammedWithProblems',
    message: `Programmed; access by policy finance. ${sentence}`,
  } as const;
  return { event, route: { state: 'Programmed', reason: event.reason, message: sentence } };
}

const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';

/** Every reason of the issue that a host is denied, or not served as its author meant. */
export const deniedIngresses: readonly DeniedIngress[] = [
  {
    why: 'no policy',
    ingress: ingress('no-policy', {}),
    further: [],
    ...denied('NoPolicy', 'The Ingress names no policy: write entragate.dev/policies, or say entragate.dev/access.'),
    route: null,
  },
  {
    why: 'annotations of another controller alone',
    ingress: ingress(
      'foreign-annotations',
      {},
      { 'nginx.ingress.kubernetes.io/auth-url': 'https://oauth2.example.com' },
    ),
    further: [],
    ...denied(
      'NoPolicy',
      'The Ingress names no policy: write entragate.dev/policies, or say entragate.dev/access. nginx.ingress.kubernetes.io/auth-url is not read here.',
    ),
    route: null,
  },
  {
    why: 'missing policy',
    ingress: ingress('missing-policy', { policies: 'finance, auditors' }),
    further: [],
    ...denied(
      'PolicyMissing',
      'Policy auditors does not exist in this namespace: create it, or correct entragate.dev/policies (a ClusterPolicy is named cluster/auditors).',
    ),
  },
  {
    why: 'policy invalid',
    ingress: ingress('invalid-policy', { policies: 'finance, broken' }),
    further: [policy('broken', { rules: [{ allow: { and: [{ departement: { is: 'Finance' } }] } }] })],
    ...denied('PolicyInvalid', 'Policy broken is invalid: see its condition Accepted.'),
  },
  {
    why: 'foreign ClusterPolicy',
    ingress: ingress('foreign-policy', { policies: 'finance, cluster/people' }),
    further: [
      {
        apiVersion: 'entragate.dev/v1alpha1',
        kind: 'ClusterPolicy',
        metadata: { name: 'people' },
        spec: { groups: [group], allowedNamespaces: { names: ['hr'] } },
      },
    ],
    ...denied(
      'PolicyForeign',
      'ClusterPolicy people does not allow this namespace: its owner has to add it to spec.allowedNamespaces.',
    ),
  },
  {
    why: 'provider missing',
    ingress: ingress('missing-provider', { policies: 'finance, partners' }),
    further: [policy('partners', { groups: [group], identityProvider: 'partners' })],
    ...denied(
      'IdentityProviderMissing',
      'IdentityProvider partners does not exist: an administrator has to create it.',
    ),
  },
  {
    why: 'host of another namespace',
    ingress: ingress('foreign-host', { policies: 'finance', host: 'people.example.com' }),
    further: [],
    event: {
      type: 'Warning',
      reason: 'NotProgrammed',
      message: 'No host is programmed. Host people.example.com is not programmed: it belongs to another namespace.',
    },
    route: {
      state: 'Denied',
      reason: 'NotProgrammed',
      message: 'No host is programmed. Host people.example.com is not programmed: it belongs to another namespace.',
    },
  },
  {
    why: 'TLS Secret missing',
    ingress: ingress('missing-secret', { policies: 'finance', secretName: 'late-tls' }),
    further: [],
    ...problematic(
      'Secret late-tls for missing-secret.example.com does not exist or can not be read: TLS handshakes for it fail.',
    ),
  },
  {
    why: 'backend missing',
    ingress: ingress('missing-backend', { policies: 'finance', service: 'late' }),
    further: [],
    ...problematic('Service late does not exist: its requests are answered with 503.'),
  },
  {
    why: 'class of others',
    ingress: ingress('foreign-class', { policies: 'finance', className: 'nginx' }),
    further: [],
    event: null,
    route: null,
  },
];
