// Generated from crds/policies.entragate.dev.yaml by `npm run generate`. Do not edit.
import type { JsonSchema } from '../json-schema.ts';
import type { ObjectMeta } from '../kubernetes.ts';

/** Says who may pass to the Ingresses of its namespace that name it in the annotation `entragate.dev/policies`. */
export interface Policy {
  /** entragate.dev/v1alpha1. */
  readonly apiVersion: 'entragate.dev/v1alpha1';
  /** Policy. */
  readonly kind: 'Policy';
  readonly metadata: ObjectMeta;
  /** Who is allowed. The entries of groups, roles, users and rules are alternatives; any may allow, and a deny rule wins over all. */
  readonly spec: PolicySpec;
  /** What controllers say of this object. Written by them only. */
  readonly status?: PolicyStatus;
}

/** Who is allowed. The entries of groups, roles, users and rules are alternatives; any may allow, and a deny rule wins over all. */
interface PolicySpec {
  /** For people. Shown by kubectl and on the page that a denied user sees. (at most 1024 characters) */
  readonly description?: string;
  /** Object IDs of Entra groups. A member of any of them is allowed. (at most 500 entries) */
  readonly groups?: readonly string[];
  /** App roles. Whoever holds any of them, users and applications alike, is allowed. (at most 100 entries) */
  readonly roles?: readonly string[];
  /** Object IDs of Entra users. Any of them is allowed. (at most 500 entries) */
  readonly users?: readonly string[];
  /** Rules of the Pomerium Policy Language (PPL). Any `allow` may allow; any `deny` that applies, or can not be shown not to apply, denies. (at most 100 entries) */
  readonly rules?: readonly Readonly<Record<string, unknown>>[];
  /** Enforce decides. Audit only reports what the policy would have said; it neither allows nor denies, so a route that has Audit policies alone is denied. (default Enforce) */
  readonly mode: 'Enforce' | 'Audit';
  /** What the sign-in must have been like for this policy to allow. (at least 1 field) */
  readonly session?: PolicySpecSession;
  /** Name of the IdentityProvider whose users this policy is about. When absent, that of the route. A principal of another provider never satisfies the policy, and a route with another provider is denied. (at most 63 characters) */
  readonly identityProvider?: string;
}

/** What the sign-in must have been like for this policy to allow. (at least 1 field) */
interface PolicySpecSession {
  /** How long ago the user may have given credentials to Entra, such as `1h` or `90m`. Needs the optional claim `auth_time`; without it the policy does not allow. (at most 16 characters) */
  readonly maxAge?: string;
  /** ID of an Entra authentication context, `c1` to `c99`, that the sign-in must have satisfied (step-up by Conditional Access). Needs the optional claim `acrs`; without it the policy does not allow. (at most 3 characters) */
  readonly authContext?: string;
}

/** What controllers say of this object. Written by them only. */
interface PolicyStatus {
  /** Conditions in the standard form. (at most 16 entries) */
  readonly conditions?: readonly PolicyStatusCondition[];
  /** Number of routes (Ingresses) that use this policy, over all controllers. */
  readonly attachedRoutes?: number;
  /** What each controller (release) made of this object. (at most 16 entries) */
  readonly controllers?: readonly PolicyStatusController[];
}

/** One condition. */
interface PolicyStatusCondition {
  /** What the condition is about, in CamelCase. (at most 316 characters) */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** Value of metadata.generation that this was said of. When older than the object's, the condition is out of date. */
  readonly observedGeneration?: number;
  /** When `status` last changed. */
  readonly lastTransitionTime: string;
  /** Why, in CamelCase, for programs. (at least 1 characters, at most 1024 characters) */
  readonly reason: string;
  /** Why, for people. (at most 32768 characters) */
  readonly message: string;
}

/** One controller. */
interface PolicyStatusController {
  /** Controller value of its IngressClass, such as `entragate.dev/ingress-controller`. (at least 1 characters, at most 253 characters) */
  readonly name: string;
  /** Conditions in the standard form. (at most 16 entries) */
  readonly conditions?: readonly PolicyStatusCondition[];
  /** Number of its routes (Ingresses) that use this policy. */
  readonly attachedRoutes?: number;
  /** The first 50 of these routes, by namespace and name. (at most 50 entries) */
  readonly routes?: readonly PolicyStatusControllerRoute[];
}

/** One Ingress that uses this policy. */
interface PolicyStatusControllerRoute {
  /** Namespace of the Ingress. (at most 63 characters) */
  readonly namespace: string;
  /** Name of the Ingress. (at most 253 characters) */
  readonly name: string;
  /** Programmed means that requests reach the policy; Denied that every request is denied. */
  readonly state: 'Programmed' | 'Denied';
  /** Why it is denied, or that something is wrong with it, in CamelCase, for programs. (at most 1024 characters) */
  readonly reason?: string;
  /** Why it is denied, or what is wrong with it, for people. (at most 1024 characters) */
  readonly message?: string;
}

/** The schema of Policy, as in its CRD. */
export const policySchema: JsonSchema = {
  "type": "object",
  "required": [
    "spec"
  ],
  "description": "Says who may pass to the Ingresses of its namespace that name it in the annotation `entragate.dev/policies`.",
  "properties": {
    "apiVersion": {
      "type": "string",
      "description": "entragate.dev/v1alpha1."
    },
    "kind": {
      "type": "string",
      "description": "Policy."
    },
    "metadata": {
      "type": "object"
    },
    "spec": {
      "type": "object",
      "description": "Who is allowed. The entries of groups, roles, users and rules are alternatives; any may allow, and a deny rule wins over all.",
      "x-kubernetes-validations": [
        {
          "rule": "(has(self.groups) && self.groups.size() > 0) || (has(self.roles) && self.roles.size() > 0) || (has(self.users) && self.users.size() > 0) || (has(self.rules) && self.rules.size() > 0)",
          "message": "spec names nobody: write at least one entry of groups, roles, users or rules"
        }
      ],
      "properties": {
        "description": {
          "type": "string",
          "maxLength": 1024,
          "description": "For people. Shown by kubectl and on the page that a denied user sees."
        },
        "groups": {
          "type": "array",
          "maxItems": 500,
          "x-kubernetes-list-type": "atomic",
          "description": "Object IDs of Entra groups. A member of any of them is allowed.",
          "items": {
            "type": "string",
            "maxLength": 36,
            "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
            "description": "Object ID (GUID, in any case) of an Entra group. Names are not accepted, since they are neither unique nor stable.",
            "x-kubernetes-validations": [
              {
                "rule": "self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",
                "message": "write the Object ID of the group, a GUID: names are neither unique nor stable"
              }
            ]
          }
        },
        "roles": {
          "type": "array",
          "maxItems": 100,
          "x-kubernetes-list-type": "atomic",
          "description": "App roles. Whoever holds any of them, users and applications alike, is allowed.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "Value of an app role of the app registration, as it stands in the `roles` claim. Case matters."
          }
        },
        "users": {
          "type": "array",
          "maxItems": 500,
          "x-kubernetes-list-type": "atomic",
          "description": "Object IDs of Entra users. Any of them is allowed.",
          "items": {
            "type": "string",
            "maxLength": 36,
            "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
            "description": "Object ID (GUID, in any case) of an Entra user in the tenant of the identity provider. E-mail addresses are not accepted, since they can change hands.",
            "x-kubernetes-validations": [
              {
                "rule": "self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",
                "message": "write the Object ID of the user, a GUID: addresses can change hands"
              }
            ]
          }
        },
        "rules": {
          "type": "array",
          "maxItems": 100,
          "x-kubernetes-list-type": "atomic",
          "description": "Rules of the Pomerium Policy Language (PPL). Any `allow` may allow; any `deny` that applies, or can not be shown not to apply, denies.",
          "items": {
            "type": "object",
            "minProperties": 1,
            "x-kubernetes-preserve-unknown-fields": true,
            "description": "One rule, with `allow` or `deny` or both. Each holds one of `and`, `or`, `not` (none of) and `nor` (not all of), a list of criteria. A criterion or operator that the controller does not know makes the whole policy invalid."
          }
        },
        "mode": {
          "type": "string",
          "enum": [
            "Enforce",
            "Audit"
          ],
          "default": "Enforce",
          "description": "Enforce decides. Audit only reports what the policy would have said; it neither allows nor denies, so a route that has Audit policies alone is denied."
        },
        "session": {
          "type": "object",
          "minProperties": 1,
          "description": "What the sign-in must have been like for this policy to allow.",
          "properties": {
            "maxAge": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^([0-9]{1,6}[hms])+$",
              "description": "How long ago the user may have given credentials to Entra, such as `1h` or `90m`. Needs the optional claim `auth_time`; without it the policy does not allow.",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1m') && duration(self) <= duration('720h')",
                  "message": "maxAge must lie between 1m and 720h: write a duration such as 1h or 90m"
                }
              ]
            },
            "authContext": {
              "type": "string",
              "maxLength": 3,
              "pattern": "^c[1-9][0-9]?$",
              "description": "ID of an Entra authentication context, `c1` to `c99`, that the sign-in must have satisfied (step-up by Conditional Access). Needs the optional claim `acrs`; without it the policy does not allow."
            }
          }
        },
        "identityProvider": {
          "type": "string",
          "maxLength": 63,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
          "description": "Name of the IdentityProvider whose users this policy is about. When absent, that of the route. A principal of another provider never satisfies the policy, and a route with another provider is denied."
        }
      }
    },
    "status": {
      "type": "object",
      "description": "What controllers say of this object. Written by them only.",
      "properties": {
        "conditions": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "type"
          ],
          "description": "Conditions in the standard form.",
          "items": {
            "type": "object",
            "required": [
              "type",
              "status",
              "lastTransitionTime",
              "reason",
              "message"
            ],
            "description": "One condition.",
            "properties": {
              "type": {
                "type": "string",
                "maxLength": 316,
                "pattern": "^[A-Za-z][A-Za-z0-9]*$",
                "description": "What the condition is about, in CamelCase."
              },
              "status": {
                "type": "string",
                "enum": [
                  "True",
                  "False",
                  "Unknown"
                ],
                "description": "Whether it holds."
              },
              "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "description": "Value of metadata.generation that this was said of. When older than the object's, the condition is out of date."
              },
              "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "description": "When `status` last changed."
              },
              "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1024,
                "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                "description": "Why, in CamelCase, for programs."
              },
              "message": {
                "type": "string",
                "maxLength": 32768,
                "description": "Why, for people."
              }
            }
          }
        },
        "attachedRoutes": {
          "type": "integer",
          "format": "int32",
          "minimum": 0,
          "description": "Number of routes (Ingresses) that use this policy, over all controllers."
        },
        "controllers": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "description": "What each controller (release) made of this object.",
          "items": {
            "type": "object",
            "required": [
              "name"
            ],
            "description": "One controller.",
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "description": "Controller value of its IngressClass, such as `entragate.dev/ingress-controller`."
              },
              "conditions": {
                "type": "array",
                "maxItems": 16,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": [
                  "type"
                ],
                "description": "Conditions in the standard form.",
                "items": {
                  "type": "object",
                  "required": [
                    "type",
                    "status",
                    "lastTransitionTime",
                    "reason",
                    "message"
                  ],
                  "description": "One condition.",
                  "properties": {
                    "type": {
                      "type": "string",
                      "maxLength": 316,
                      "pattern": "^[A-Za-z][A-Za-z0-9]*$",
                      "description": "What the condition is about, in CamelCase."
                    },
                    "status": {
                      "type": "string",
                      "enum": [
                        "True",
                        "False",
                        "Unknown"
                      ],
                      "description": "Whether it holds."
                    },
                    "observedGeneration": {
                      "type": "integer",
                      "format": "int64",
                      "minimum": 0,
                      "description": "Value of metadata.generation that this was said of. When older than the object's, the condition is out of date."
                    },
                    "lastTransitionTime": {
                      "type": "string",
                      "format": "date-time",
                      "description": "When `status` last changed."
                    },
                    "reason": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 1024,
                      "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                      "description": "Why, in CamelCase, for programs."
                    },
                    "message": {
                      "type": "string",
                      "maxLength": 32768,
                      "description": "Why, for people."
                    }
                  }
                }
              },
              "attachedRoutes": {
                "type": "integer",
                "format": "int32",
                "minimum": 0,
                "description": "Number of its routes (Ingresses) that use this policy."
              },
              "routes": {
                "type": "array",
                "maxItems": 50,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": [
                  "namespace",
                  "name"
                ],
                "description": "The first 50 of these routes, by namespace and name.",
                "items": {
                  "type": "object",
                  "required": [
                    "namespace",
                    "name",
                    "state"
                  ],
                  "description": "One Ingress that uses this policy.",
                  "properties": {
                    "namespace": {
                      "type": "string",
                      "maxLength": 63,
                      "description": "Namespace of the Ingress."
                    },
                    "name": {
                      "type": "string",
                      "maxLength": 253,
                      "description": "Name of the Ingress."
                    },
                    "state": {
                      "type": "string",
                      "enum": [
                        "Programmed",
                        "Denied"
                      ],
                      "description": "Programmed means that requests reach the policy; Denied that every request is denied."
                    },
                    "reason": {
                      "type": "string",
                      "maxLength": 1024,
                      "description": "Why it is denied, or that something is wrong with it, in CamelCase, for programs."
                    },
                    "message": {
                      "type": "string",
                      "maxLength": 1024,
                      "description": "Why it is denied, or what is wrong with it, for people."
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
};
