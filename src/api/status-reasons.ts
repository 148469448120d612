/** A condition as it may stand on an object: what the pair of type and reason means. */
interface ConditionMeaning {
  readonly status: 'True' | 'False';
  /** Kinds that have it. */
  readonly on: string;
  readonly meaning: string;
}

const ofPolicies = 'Policy, ClusterPolicy';
const ofAll = `${ofPolicies}, IdentityProvider`;

/** Every condition that is ever written, by type and reason. docs/reference/conditions.md is generated from it. */
export const conditionReasons = {
  Accepted: {
    Accepted: {
      status: 'True',
      on: ofAll,
      meaning: 'The object is valid. Warnings, if there are any, are in the message.',
    },
    Invalid: {
      status: 'False',
      on: ofAll,
      meaning: 'The object contradicts itself or the rules of its kind. What uses it denies; the message names fields.',
    },
    Unreadable: {
      status: 'False',
      on: ofAll,
      meaning: 'The object is malformed, or has fields that this release does not know. What uses it denies.',
    },
  },
  ResolvedRefs: {
    ResolvedRefs: { status: 'True', on: ofAll, meaning: 'Everything that the object names exists.' },
    IdentityProviderMissing: {
      status: 'False',
      on: ofPolicies,
      meaning: 'The IdentityProvider that the policy names does not exist. Routes that use the policy deny.',
    },
    IdentityProviderInvalid: {
      status: 'False',
      on: ofPolicies,
      meaning: 'The IdentityProvider that the policy names is invalid. Routes that use the policy deny.',
    },
    CredentialMissing: {
      status: 'False',
      on: 'IdentityProvider',
      meaning: 'The Secret of the credential is missing or unusable. Nobody can sign in; sessions that exist go on.',
    },
    Invalid: {
      status: 'False',
      on: 'IdentityProvider',
      meaning: 'The object is not accepted: its references are followed once it is valid.',
    },
  },
  Programmed: {
    Programmed: {
      status: 'True',
      on: ofAll,
      meaning: 'All workers of the writing replica decide by this generation. Only in `status.controllers[]`.',
    },
    NotAccepted: {
      status: 'False',
      on: ofAll,
      meaning: 'Nothing decides by it, since it is not accepted. Only in `status.controllers[]`.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ConditionMeaning>>>>;

/** `reason` of a condition of a type. */
export type ConditionReason<Type extends keyof typeof conditionReasons> = keyof (typeof conditionReasons)[Type];

/** Every `reason` of an Event. docs/reference/events.md is generated from it. */
export const eventReasons = {
  Programmed: {
    type: 'Normal',
    on: 'Ingress',
    meaning: 'Every host is served. The note says who may pass, and by which policies.',
  },
  ProgrammedWithProblems: {
    type: 'Warning',
    on: 'Ingress',
    meaning:
      'Hosts are served, and something is not as it should be: a host that belongs to others, a path that is refused, a Secret or Service that is missing, a certificate that has expired.',
  },
  Denied: {
    type: 'Warning',
    on: 'Ingress',
    meaning: 'Hosts are served, and every request is denied. The note says why, and what to write.',
  },
  NotProgrammed: {
    type: 'Warning',
    on: 'Ingress',
    meaning: 'No host is served, and the Ingress gets no address. The note says why.',
  },
  AnnotationsInvalid: {
    type: 'Warning',
    on: 'Namespace',
    meaning:
      'An annotation of ours is unknown or malformed, or declares a host that an older Namespace declares already.',
  },
} as const satisfies Readonly<
  Record<string, { readonly type: 'Normal' | 'Warning'; readonly on: string; readonly meaning: string }>
>;

/** `reason` of an Event. */
export type EventReason = keyof typeof eventReasons;
