import { releaseAccount } from '../chart/permissions.ts';
import { issueToken } from '../kube/accounts.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { applyObject, deleteObject, secretObject } from '../kube/objects.ts';

/** A token of the release's ServiceAccount that counts as long as a Secret is there (TokenRequest, `boundObjectRef`). */
export interface BoundToken {
  readonly token: string;
  /** From now on the API server refuses it, once it has forgotten that it knew it (10 s at most). */
  readonly invalidate: () => Promise<void>;
}

/** @param name of the Secret that it is bound to */
export async function createBoundToken(admin: ApiRequests, name: string): Promise<BoundToken> {
  const { namespace, name: account } = releaseAccount;
  const secret = secretObject(namespace, name, 'bound');
  await applyObject(admin, secret);
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name };
  const token = await issueToken({ admin }, namespace, account, { boundObjectRef });
  return { token, invalidate: () => deleteObject(admin, secret) };
}
