declare const groupId: unique symbol;
declare const tenantId: unique symbol;
declare const objectId: unique symbol;
declare const key: unique symbol;
declare const policyKey: unique symbol;

/** Object id of an Entra group: a GUID in lower case. Never a display name. */
export type GroupId = string & { readonly [groupId]: true };

/** Id of an Entra tenant (`tid`): a GUID in lower case. Never a domain name. */
export type TenantId = string & { readonly [tenantId]: true };

/** Object id of an Entra user or service principal (`oid`): a GUID in lower case. */
export type ObjectId = string & { readonly [objectId]: true };

/** Key of a snapshot table: an injective encoding of a tuple of strings. Made by {@link tableKey} only. */
export type Key = string & { readonly [key]: true };

/** Key of the `policies` table of a snapshot. */
export type PolicyKey = Key & { readonly [policyKey]: true };

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Reads a GUID in the 8-4-4-4-12 form (RFC 9562 §4) in any letter case.
 *
 * @returns the canonical lower-case form, or null for anything else (braces, `urn:uuid:`, surrounding space)
 */
function canonicalGuid(text: string): string | null {
  if (text.length !== 36) return null;
  const lowerCase = text.toLowerCase();
  return guid.test(lowerCase) ? lowerCase : null;
}

/** Reads the object id of a group; null when `text` is not a GUID. */
export function parseGroupId(text: string): GroupId | null {
  return canonicalGuid(text) as GroupId | null;
}

/** Reads a tenant id; null when `text` is not a GUID. */
export function parseTenantId(text: string): TenantId | null {
  return canonicalGuid(text) as TenantId | null;
}

/** Reads the object id of a user or service principal; null when `text` is not a GUID. */
export function parseObjectId(text: string): ObjectId | null {
  return canonicalGuid(text) as ObjectId | null;
}

/**
 * Joins a tuple of strings into one table key. The encoding is JSON, so that two different tuples never share a key
 * (`a-b`/`c` against `a`/`b-c`).
 *
 * @example tableKey('apps', 'finance') // '["apps","finance"]'
 */
export function tableKey(...parts: readonly string[]): Key {
  return JSON.stringify(parts) as Key;
}

/**
 * Key of a Policy, or of a ClusterPolicy when `namespace` is the empty string (which no Kubernetes namespace can be).
 */
export function policyTableKey(namespace: string, name: string): PolicyKey {
  return tableKey('policy', namespace, name) as PolicyKey;
}
