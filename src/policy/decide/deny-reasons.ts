/** One reason, for people. */
export interface DenyExplanation {
  /** What happened: a sentence for a page, about "the user". */
  readonly meaning: string;
  /** What whoever runs the route can do about it. */
  readonly remedy: string;
}

/** Every reason a policy decision can have for denying: the one source for pages, logs and docs/policy.md. */
export const denyReasons = {
  'no-policy': {
    meaning: 'No policy is attached to this route.',
    remedy: 'Annotate the Ingress with `entragate.dev/policies`.',
  },
  'audit-only': {
    meaning: 'All policies of this route are in mode Audit, which never allows.',
    remedy: 'Set `mode: Enforce` on one of them.',
  },
  'no-rule-allows': {
    meaning: 'The user is known, and no rule allows them.',
    remedy: 'Add the user to an allowed group, or write a rule that allows them.',
  },
  'deny-rule': {
    meaning: 'A deny rule matched. Deny wins over every allow.',
    remedy: 'Look at the rule that the decision names.',
  },
  'wrong-provider': {
    meaning: 'The policy is about users of another identity provider than the one the user signed in with.',
    remedy: 'Compare `spec.identityProvider` of the policy with the one of the route.',
  },
  'groups-unknown-overage': {
    meaning: 'The user is in more groups than Entra ID puts into a token, so their membership is unknown.',
    remedy: 'Limit the groups claim to groups assigned to the application, or use app roles.',
  },
  'groups-unknown-claim-missing': {
    meaning:
      'The token had no groups claim, as where the user is in no group at all, or one that holds something else than object ids, so group membership is unknown.',
    remedy:
      'Add the user to an allowed group. If nobody gets in, add the groups claim in the app registration under Token configuration, with Group ID for every token type.',
  },
  'directory-failed': {
    meaning: 'The directory could not be asked for group membership, and the last answer is too old.',
    remedy: 'Try again later; look at the controller log for the answer of Microsoft Graph.',
  },
  'groups-unknown': {
    meaning: 'Group membership is unknown.',
    remedy: 'Sign out and in again; if it stays, look at the controller log.',
  },
  'group-not-a-guid': {
    meaning: 'The rule names a group by something other than its object id, so membership can not be known.',
    remedy: "Write the group's Object ID.",
  },
  'roles-unknown': {
    meaning: 'The app roles of the user are unknown.',
    remedy: 'Sign out and in again; if it stays, look at the controller log.',
  },
  'claim-missing': {
    meaning: 'The rule asks for a claim that the token did not hold.',
    remedy:
      'Add the claim in the app registration under Token configuration, or list it in `alwaysIssuedClaims` of the IdentityProvider if its absence has a meaning.',
  },
  'claim-not-comparable': {
    meaning: 'A claim has a form that the rule can not be applied to.',
    remedy:
      'Prefix, substring and pattern tests apply to single values of at most 2048 characters, `domain` to addresses.',
  },
  'source-ip-unknown': {
    meaning: 'The rule asks for the client address, and it is not known.',
    remedy: 'Check the setting `trustedProxies`.',
  },
  'path-too-long': {
    meaning: 'The rule applies a pattern or `contains` to the path, and the path is longer than these are applied to.',
    remedy: 'Patterns and `contains` apply to at most 2048 characters; `is` and `starts_with` know no limit.',
  },
  'path-ambiguous': {
    meaning: 'The path has an escaped character that apps read in two ways, and the rule holds for one of them only.',
    remedy: "Send the characters !$&'()*+,:=@ in paths as they are.",
  },
  'app-without-role': {
    meaning: 'An application called, not a person, and no rule allows it by an app role.',
    remedy: 'Assign the application an app role, and name the role under `roles`.',
  },
  'app-has-no-user-facts': {
    meaning: 'The rule asks about a person, and an application called.',
    remedy: 'Attach a policy without rules about people to routes that applications call.',
  },
  'policy-unusable': {
    meaning: 'A compiled rule could not be loaded, and counts as unknown.',
    remedy: 'This is a defect of Entragate: please report it with the policy.',
  },
  'max-age-unprovable': {
    meaning: 'The policy limits the time since the user authenticated, and the token does not tell it.',
    remedy: 'Add the optional claim auth_time in the app registration.',
  },
  'auth-context-unprovable': {
    meaning: 'The policy requires an authentication context, and the token does not tell whether it was satisfied.',
    remedy: 'Add the optional claim acrs in the app registration.',
  },
} as const satisfies Readonly<Record<string, DenyExplanation>>;

/** Stable word for why access was denied. */
export type DenyReason = keyof typeof denyReasons;
