/** Every reason a policy decision can have for denying, with its meaning and what to do: the source of the table in docs/policy.md. */
export const denyReasons = {
  'no-policy': 'The route names no policy. Annotate the Ingress with `entragate.dev/policies`.',
  'audit-only': 'All policies of the route are in mode `Audit`, and Audit never allows. Set `mode: Enforce` on one.',
  'no-rule-allows': 'The user is known, and no rule allows them.',
  'deny-rule': 'A deny rule matched. Deny wins over every allow.',
  'wrong-provider': 'The user signed in with another IdentityProvider than the policy is about.',
  'groups-unknown-overage':
    'The user is in more groups than Entra puts into a token (200), so their membership is unknown. Use `groups.source: Graph`, or limit the claim to groups assigned to the application.',
  'groups-unknown-claim-missing':
    'The token had no groups claim. Switch it on in the app registration under Token configuration.',
  'directory-failed': 'Microsoft Graph could not be asked, and the last good answer is too old. Try again later.',
  'groups-unknown': 'The membership that a rule asks for is unknown, without a recorded cause.',
  'group-not-a-guid':
    'A rule names a group by something that is not its object id, so that membership can not be known. Write the object id.',
  'roles-unknown': 'The app roles of the user are unknown.',
  'claim-missing':
    'A rule asks for a claim that the token did not hold. Switch it on under Token configuration, or list it in `alwaysIssuedClaims` of the IdentityProvider if its absence has a meaning.',
  'claim-not-comparable':
    'A claim has a form that the rule can not be applied to: a list under a prefix, substring or pattern test, an e-mail address without a domain, or a value too long to test.',
  'source-ip-unknown': 'A rule asks for the client address, and it is not known. Check `trustedProxies`.',
  'app-without-role':
    'An application (not a person) called, and no rule allows it by an app role. Only roles admit applications.',
  'app-has-no-user-facts': 'A deny rule asks about people, and the caller is an application.',
  'path-too-long': 'A rule tests the path with a pattern, and the path is longer than is tested.',
  'policy-unusable': 'A compiled rule could not be loaded. It counts as unknown; this is a defect, please report it.',
  'max-age-unprovable':
    'The policy limits the time since the user authenticated, and the token holds no usable `auth_time`. Switch on that optional claim.',
  'auth-context-unprovable':
    'The policy requires an authentication context, and the token holds no `acrs` after it was asked for. Switch on that optional claim.',
} as const;

/** Stable word for why access was denied. */
export type DenyReason = keyof typeof denyReasons;
