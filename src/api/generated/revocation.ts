// Generated from crds/revocations.entragate.dev.yaml by `npm run generate`. Do not edit.
import type { JsonSchema } from '../json-schema.ts';
import type { ObjectMeta } from '../kubernetes.ts';

/** Ends sessions before their time, on every replica. Signing out everywhere writes one; administrators may write them too. */
export interface Revocation {
  /** entragate.dev/v1alpha1. */
  readonly apiVersion: 'entragate.dev/v1alpha1';
  /** Revocation. */
  readonly kind: 'Revocation';
  readonly metadata: ObjectMeta;
  /** Which sessions end. */
  readonly spec: RevocationSpec;
  /** What controllers say of this object. Written by them only. */
  readonly status?: RevocationStatus;
}

/** Which sessions end. */
interface RevocationSpec {
  /** Login ID (`lid`), as access logs and the who-am-I page show it. Ends every session that came from this sign-in, on all hosts. (at most 64 characters) */
  readonly session?: string;
  /** Narrows `before` to one user. */
  readonly user?: RevocationSpecUser;
  /** Ends sessions whose facts the provider confirmed before this time (RFC 3339, such as 2026-01-31T12:00:00Z), of `user`, or of everybody when `user` is absent. (at most 40 characters) */
  readonly before?: string;
  /** When this object may be deleted, since every session that it ends would be over by itself. Choose at least `before` or now, plus maxAge of the IdentityProvider. (at most 40 characters) */
  readonly expiresAt: string;
  /** For people. (at most 1024 characters) */
  readonly reason?: string;
}

/** Narrows `before` to one user. */
interface RevocationSpecUser {
  /** Name of the IdentityProvider. When absent, sessions of every provider. (at most 63 characters) */
  readonly provider?: string;
  /** Directory (tenant) ID of the user. (at most 36 characters) */
  readonly tid: string;
  /** Object ID of the user. (at most 36 characters) */
  readonly oid: string;
}

/** What controllers say of this object. Written by them only. */
interface RevocationStatus {
  /** Conditions in the standard form. (at most 16 entries) */
  readonly conditions?: readonly RevocationStatusCondition[];
}

/** One condition. */
interface RevocationStatusCondition {
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

/** The schema of Revocation, as in its CRD. */
export const revocationSchema: JsonSchema = {
  "type": "object",
  "required": [
    "spec"
  ],
  "description": "Ends sessions before their time, on every replica. Signing out everywhere writes one; administrators may write them too.",
  "properties": {
    "apiVersion": {
      "type": "string",
      "description": "entragate.dev/v1alpha1."
    },
    "kind": {
      "type": "string",
      "description": "Revocation."
    },
    "metadata": {
      "type": "object"
    },
    "spec": {
      "type": "object",
      "description": "Which sessions end.",
      "required": [
        "expiresAt"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "has(self.session) != has(self.before)",
          "message": "a Revocation is about one login or about a time: write either session, or before (with user, or alone for everybody)"
        },
        {
          "rule": "!has(self.user) || has(self.before)",
          "message": "user needs a time: write before, such as 2026-01-31T12:00:00Z"
        }
      ],
      "properties": {
        "session": {
          "type": "string",
          "maxLength": 64,
          "pattern": "^[A-Za-z0-9_-]{16,64}$",
          "description": "Login ID (`lid`), as access logs and the who-am-I page show it. Ends every session that came from this sign-in, on all hosts."
        },
        "user": {
          "type": "object",
          "required": [
            "tid",
            "oid"
          ],
          "description": "Narrows `before` to one user.",
          "properties": {
            "provider": {
              "type": "string",
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
              "description": "Name of the IdentityProvider. When absent, sessions of every provider."
            },
            "tid": {
              "type": "string",
              "maxLength": 36,
              "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
              "description": "Directory (tenant) ID of the user."
            },
            "oid": {
              "type": "string",
              "maxLength": 36,
              "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
              "description": "Object ID of the user."
            }
          }
        },
        "before": {
          "type": "string",
          "format": "date-time",
          "maxLength": 40,
          "description": "Ends sessions whose facts the provider confirmed before this time (RFC 3339, such as 2026-01-31T12:00:00Z), of `user`, or of everybody when `user` is absent."
        },
        "expiresAt": {
          "type": "string",
          "format": "date-time",
          "maxLength": 40,
          "description": "When this object may be deleted, since every session that it ends would be over by itself. Choose at least `before` or now, plus maxAge of the IdentityProvider."
        },
        "reason": {
          "type": "string",
          "maxLength": 1024,
          "description": "For people."
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
        }
      }
    }
  }
};
