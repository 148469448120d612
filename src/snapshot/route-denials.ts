/** Every reason for which a route denies everybody, and what it means: the one source for validation, statuses and docs/reference/conditions.md. */
export const routeDenials = {
  'no-policy': 'The Ingress names no policy, and no other access.',
  'policy-missing': 'A policy that it names does not exist.',
  'policy-invalid':
    'A policy that it names is invalid, or its policies together hold more patterns or values, or mention more for its hosts and paths, than one Ingress may.',
  'policy-foreign': 'A ClusterPolicy that it names does not allow its namespace.',
  'policies-all-audit': 'All its policies are in mode Audit, which never allows.',
  'annotation-invalid': 'An annotation of ours is unknown, malformed, or contradicts another one.',
  'identity-provider-missing': 'The IdentityProvider does not exist.',
  'identity-provider-invalid': 'The IdentityProvider is invalid.',
  'identity-provider-mismatch': 'The Ingress and its policies name several IdentityProviders.',
  'access-not-allowed': 'The Namespace does not allow this kind of access (`entragate.dev/allowed-access`).',
  'namespace-unknown': 'The Namespace is not known (yet), and with it what it allows.',
  'path-refused': 'A path cannot be matched, such as a pattern; requests below its literal beginning are denied.',
  'too-many-paths':
    'An Ingress that is past the 20,000 paths of its namespace has a rule for the host, which is denied as a whole.',
  'too-many-hosts':
    'It would serve what an Ingress has a rule for past the hosts that an Ingress or its namespace may have; it is denied as a whole.',
  'object-unreadable':
    'The object is malformed, has fields that this release does not know, or lies in a namespace of which something can not be translated.',
  'config-outdated':
    'The configuration is older than `maxConfigAge`, since the API server was away or a change could not be applied: everything is denied.',
} as const satisfies Readonly<Record<string, string>>;

/** Stable word for why a route denies everybody. */
export type RouteDenial = keyof typeof routeDenials;
