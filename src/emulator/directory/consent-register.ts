/** Graph permissions that users granted on the consent page, beside those an administrator granted in the registration. */
export interface ConsentRegister {
  permissions(tid: string, oid: string, clientId: string): ReadonlySet<string>;
  add(tid: string, oid: string, clientId: string, permissions: readonly string[]): void;
}

/** A register in which nobody has granted anything yet. */
export function createConsentRegister(): ConsentRegister {
  const granted = new Map<string, ReadonlySet<string>>();
  const keyOf = (tid: string, oid: string, clientId: string) => `${tid}/${oid}/${clientId}`;
  const permissions = (tid: string, oid: string, clientId: string) =>
    granted.get(keyOf(tid, oid, clientId)) ?? new Set();
  return {
    permissions,
    add: (tid, oid, clientId, added) => {
      granted.set(keyOf(tid, oid, clientId), new Set([...permissions(tid, oid, clientId), ...added]));
    },
  };
}
