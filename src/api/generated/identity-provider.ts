// Generated from crds/identityproviders.entragate.dev.yaml by `npm run generate`. Do not edit.
import type { JsonSchema } from '../json-schema.ts';
import type { ObjectMeta } from '../kubernetes.ts';

/** An app registration in Entra ID (or a client at another OpenID provider) that users sign in with. Routes use `default` unless they name another. */
export interface IdentityProvider {
  /** entragate.dev/v1alpha1. */
  readonly apiVersion: 'entragate.dev/v1alpha1';
  /** IdentityProvider. */
  readonly kind: 'IdentityProvider';
  readonly metadata: ObjectMeta;
  /** The tenant, the client and how its tokens are read. */
  readonly spec: IdentityProviderSpec;
  /** What controllers say of this object. Written by them only. */
  readonly status?: IdentityProviderStatus;
}

/** The tenant, the client and how its tokens are read. */
interface IdentityProviderSpec {
  /** EntraID, or OIDC for any other OpenID Connect provider, with the same flow and without Microsoft Graph. (default EntraID) */
  readonly type: 'EntraID' | 'OIDC';
  /** Directory (tenant) ID of Entra. Required with type EntraID. (at most 36 characters) */
  readonly tenantId?: string;
  /** Application (client) ID of the app registration. (at least 1 characters, at most 255 characters) */
  readonly clientId: string;
  /** The Microsoft cloud that holds the tenant. It fixes the addresses of Entra and of Graph. (default Public) */
  readonly cloud: 'Public' | 'USGovernment' | 'China';
  /** For development. Origin of an Entra emulator, used in place of the cloud's. `entragate serve` accepts it only when the operator names the same origin in a flag. (at most 253 characters) */
  readonly authority?: string;
  /** Issuer of an OpenID provider, exactly as its tokens say it. Required with type OIDC, and only there. (at most 1024 characters) */
  readonly issuer?: string;
  /** How Entragate proves to the provider that it is the client. Exactly one. */
  readonly credential: IdentityProviderSpecCredential;
  /** Where memberships come from. (default {"source":"Token"}) */
  readonly groups: IdentityProviderSpecGroups;
  /** Whether guests of the tenant may pass where `entragate.dev/access` is `authenticated`. Policies that name a guest, or a group that holds one, are not affected. (default Deny) */
  readonly guests: 'Allow' | 'Deny';
  /** Further tenants whose users may sign in; needs a multi-tenant app registration. The tenant of `tenantId` always may. (at most 100 entries) */
  readonly allowedTenants?: readonly string[];
  /** Claims that this provider issues in every ID token where they have a value. Only for these does absence mean "no value"; any other absent claim is unknown, which never allows. (at most 50 entries) */
  readonly alwaysIssuedClaims?: readonly string[];
  /** How long a sign-in counts. All bounds count from the arrival of the provider's ID token. Policies may tighten them. (default {"recheckAfter":"30m","maxStale":"60m","maxAge":"10h"}) */
  readonly session: IdentityProviderSpecSession;
}

/** How Entragate proves to the provider that it is the client. Exactly one. */
interface IdentityProviderSpecCredential {
  /** A client secret, held by a Secret in the controller's own namespace. */
  readonly secretRef?: IdentityProviderSpecCredentialSecretRef;
  /** A certificate registered with the app, and its key, held by a Secret of type kubernetes.io/tls in the controller's own namespace. */
  readonly certificateRef?: IdentityProviderSpecCredentialCertificateRef;
  /** The token of the controller's ServiceAccount, trusted by a federated credential of the app registration. Has no fields; write `{}`. */
  readonly workloadIdentity?: Readonly<Record<string, never>>;
}

/** A client secret, held by a Secret in the controller's own namespace. */
interface IdentityProviderSpecCredentialSecretRef {
  /** Name of the Secret. (at least 1 characters, at most 253 characters) */
  readonly name: string;
  /** Key in the Secret's data. (default client-secret, at least 1 characters, at most 253 characters) */
  readonly key: string;
}

/** A certificate registered with the app, and its key, held by a Secret of type kubernetes.io/tls in the controller's own namespace. */
interface IdentityProviderSpecCredentialCertificateRef {
  /** Name of the Secret. (at least 1 characters, at most 253 characters) */
  readonly name: string;
}

/** Where memberships come from. (default {"source":"Token"}) */
interface IdentityProviderSpecGroups {
  /** Token reads the groups claim of the ID token. Graph is reserved for asking Microsoft Graph for exactly the groups that policies mention. This version reads the token with Graph too, and says so in the condition Accepted. (default Token) */
  readonly source: 'Token' | 'Graph';
}

/** How long a sign-in counts. All bounds count from the arrival of the provider's ID token. Policies may tighten them. (default {"recheckAfter":"30m","maxStale":"60m","maxAge":"10h"}) */
interface IdentityProviderSpecSession {
  /** After this the next navigation goes to the provider again, silently where its own session still stands. (default 30m, at most 16 characters) */
  readonly recheckAfter: string;
  /** After this nothing passes without a new check. The bound for how long a removed membership keeps working. (default 60m, at most 16 characters) */
  readonly maxStale: string;
  /** After this the sign-in ends and the user starts anew. (default 10h, at most 16 characters) */
  readonly maxAge: string;
}

/** What controllers say of this object. Written by them only. */
interface IdentityProviderStatus {
  /** Conditions in the standard form. (at most 16 entries) */
  readonly conditions?: readonly IdentityProviderStatusCondition[];
  /** Number of routes (Ingresses) that use this provider, over all controllers. */
  readonly attachedRoutes?: number;
  /** What each controller (release) made of this object. (at most 16 entries) */
  readonly controllers?: readonly IdentityProviderStatusController[];
}

/** One condition. */
interface IdentityProviderStatusCondition {
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
interface IdentityProviderStatusController {
  /** Controller value of its IngressClass, such as `entragate.dev/ingress-controller`. (at least 1 characters, at most 253 characters) */
  readonly name: string;
  /** Conditions in the standard form. (at most 16 entries) */
  readonly conditions?: readonly IdentityProviderStatusCondition[];
  /** Number of its routes (Ingresses) that use this provider. */
  readonly attachedRoutes?: number;
  /** The first 50 of these routes, by namespace and name. (at most 50 entries) */
  readonly routes?: readonly IdentityProviderStatusControllerRoute[];
}

/** One Ingress that uses this provider. */
interface IdentityProviderStatusControllerRoute {
  /** Namespace of the Ingress. (at most 63 characters) */
  readonly namespace: string;
  /** Name of the Ingress. (at most 253 characters) */
  readonly name: string;
  /** Programmed means that requests are served; Denied that every request is denied. */
  readonly state: 'Programmed' | 'Denied';
  /** Why it is denied, or that something is wrong with it, in CamelCase, for programs. (at most 1024 characters) */
  readonly reason?: string;
  /** Why it is denied, or what is wrong with it, for people. (at most 1024 characters) */
  readonly message?: string;
}

/** The schema of IdentityProvider, as in its CRD. */
export const identityProviderSchema: JsonSchema = {
  "type": "object",
  "required": [
    "spec"
  ],
  "description": "An app registration in Entra ID (or a client at another OpenID provider) that users sign in with. Routes use `default` unless they name another.",
  "x-kubernetes-validations": [
    {
      "rule": "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",
      "message": "the name becomes part of the redirect URI: write a name of at most 63 lower-case letters, digits and hyphens"
    }
  ],
  "properties": {
    "apiVersion": {
      "type": "string",
      "description": "entragate.dev/v1alpha1."
    },
    "kind": {
      "type": "string",
      "description": "IdentityProvider."
    },
    "metadata": {
      "type": "object"
    },
    "spec": {
      "type": "object",
      "description": "The tenant, the client and how its tokens are read.",
      "required": [
        "clientId",
        "credential"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "self.type != 'EntraID' || has(self.tenantId)",
          "message": "type EntraID needs tenantId: write the Directory (tenant) ID of the app registration"
        },
        {
          "rule": "self.type != 'EntraID' || self.clientId.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",
          "message": "type EntraID needs a GUID as clientId: write the Application (client) ID of the app registration"
        },
        {
          "rule": "self.type != 'EntraID' || !has(self.issuer)",
          "message": "issuer is for type OIDC only: remove it, or write type OIDC"
        },
        {
          "rule": "self.type != 'OIDC' || has(self.issuer)",
          "message": "type OIDC needs issuer: write the provider's issuer URL, such as https://id.example.com"
        },
        {
          "rule": "self.type != 'OIDC' || (!has(self.tenantId) && !has(self.authority) && !has(self.allowedTenants) && self.cloud == 'Public')",
          "message": "tenantId, authority, allowedTenants and cloud are for type EntraID only: remove them"
        },
        {
          "rule": "self.type != 'OIDC' || has(self.credential.secretRef)",
          "message": "type OIDC needs a client secret: write credential.secretRef"
        },
        {
          "rule": "self.type != 'OIDC' || self.groups.source == 'Token'",
          "message": "groups.source Graph is for type EntraID only: write Token"
        }
      ],
      "properties": {
        "type": {
          "type": "string",
          "enum": [
            "EntraID",
            "OIDC"
          ],
          "default": "EntraID",
          "description": "EntraID, or OIDC for any other OpenID Connect provider, with the same flow and without Microsoft Graph."
        },
        "tenantId": {
          "type": "string",
          "maxLength": 36,
          "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
          "description": "Directory (tenant) ID of Entra. Required with type EntraID.",
          "x-kubernetes-validations": [
            {
              "rule": "self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",
              "message": "write the Directory (tenant) ID, a GUID: not a name or a domain of the tenant"
            }
          ]
        },
        "clientId": {
          "type": "string",
          "minLength": 1,
          "maxLength": 255,
          "pattern": "^[!-~]+$",
          "description": "Application (client) ID of the app registration."
        },
        "cloud": {
          "type": "string",
          "enum": [
            "Public",
            "USGovernment",
            "China"
          ],
          "default": "Public",
          "description": "The Microsoft cloud that holds the tenant. It fixes the addresses of Entra and of Graph."
        },
        "authority": {
          "type": "string",
          "maxLength": 253,
          "pattern": "^https://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$",
          "description": "For development. Origin of an Entra emulator, used in place of the cloud's. `entragate serve` accepts it only when the operator names the same origin in a flag."
        },
        "issuer": {
          "type": "string",
          "maxLength": 1024,
          "pattern": "^https://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$",
          "description": "Issuer of an OpenID provider, exactly as its tokens say it. Required with type OIDC, and only there."
        },
        "credential": {
          "type": "object",
          "description": "How Entragate proves to the provider that it is the client. Exactly one.",
          "x-kubernetes-validations": [
            {
              "rule": "[has(self.secretRef), has(self.certificateRef), has(self.workloadIdentity)].filter(present, present).size() == 1",
              "message": "credential must say exactly one thing: write one of secretRef, certificateRef and workloadIdentity"
            }
          ],
          "properties": {
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "description": "A client secret, held by a Secret in the controller's own namespace.",
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
                  "description": "Name of the Secret."
                },
                "key": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[-._a-zA-Z0-9]+$",
                  "default": "client-secret",
                  "description": "Key in the Secret's data."
                }
              }
            },
            "certificateRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "description": "A certificate registered with the app, and its key, held by a Secret of type kubernetes.io/tls in the controller's own namespace.",
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
                  "description": "Name of the Secret."
                }
              }
            },
            "workloadIdentity": {
              "type": "object",
              "description": "The token of the controller's ServiceAccount, trusted by a federated credential of the app registration. Has no fields; write `{}`."
            }
          }
        },
        "groups": {
          "type": "object",
          "default": {
            "source": "Token"
          },
          "description": "Where memberships come from.",
          "properties": {
            "source": {
              "type": "string",
              "enum": [
                "Token",
                "Graph"
              ],
              "default": "Token",
              "description": "Token reads the groups claim of the ID token. Graph is reserved for asking Microsoft Graph for exactly the groups that policies mention. This version reads the token with Graph too, and says so in the condition Accepted."
            }
          }
        },
        "guests": {
          "type": "string",
          "enum": [
            "Allow",
            "Deny"
          ],
          "default": "Deny",
          "description": "Whether guests of the tenant may pass where `entragate.dev/access` is `authenticated`. Policies that name a guest, or a group that holds one, are not affected."
        },
        "allowedTenants": {
          "type": "array",
          "maxItems": 100,
          "x-kubernetes-list-type": "atomic",
          "description": "Further tenants whose users may sign in; needs a multi-tenant app registration. The tenant of `tenantId` always may.",
          "items": {
            "type": "string",
            "maxLength": 36,
            "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
            "description": "Directory (tenant) ID."
          }
        },
        "alwaysIssuedClaims": {
          "type": "array",
          "maxItems": 50,
          "x-kubernetes-list-type": "atomic",
          "description": "Claims that this provider issues in every ID token where they have a value. Only for these does absence mean \"no value\"; any other absent claim is unknown, which never allows.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "pattern": "^[A-Za-z0-9_.:/-]+$",
            "description": "Name of a claim, such as `acct`."
          }
        },
        "session": {
          "type": "object",
          "default": {
            "recheckAfter": "30m",
            "maxStale": "60m",
            "maxAge": "10h"
          },
          "description": "How long a sign-in counts. All bounds count from the arrival of the provider's ID token. Policies may tighten them.",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self.recheckAfter) >= duration('1m')",
              "message": "recheckAfter must be at least 1m: write a duration such as 30m"
            },
            {
              "rule": "duration(self.recheckAfter) <= duration(self.maxStale) && duration(self.maxStale) <= duration(self.maxAge)",
              "message": "session bounds must grow: write recheckAfter <= maxStale <= maxAge, such as 30m, 60m and 10h"
            },
            {
              "rule": "duration(self.maxAge) <= duration('168h')",
              "message": "maxAge must be at most 168h: write a duration such as 10h"
            }
          ],
          "properties": {
            "recheckAfter": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^([0-9]{1,6}[hms])+$",
              "default": "30m",
              "description": "After this the next navigation goes to the provider again, silently where its own session still stands."
            },
            "maxStale": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^([0-9]{1,6}[hms])+$",
              "default": "60m",
              "description": "After this nothing passes without a new check. The bound for how long a removed membership keeps working."
            },
            "maxAge": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^([0-9]{1,6}[hms])+$",
              "default": "10h",
              "description": "After this the sign-in ends and the user starts anew."
            }
          }
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
          "description": "Number of routes (Ingresses) that use this provider, over all controllers."
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
                "description": "Number of its routes (Ingresses) that use this provider."
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
                  "description": "One Ingress that uses this provider.",
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
                      "description": "Programmed means that requests are served; Denied that every request is denied."
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
