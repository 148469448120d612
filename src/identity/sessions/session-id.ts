import { createHash } from 'node:crypto';

/**
 * The `sid` of the session that a login has on one host: 16 bytes, base64url. It is the same each time the session is
 * made anew, so that revoking it ends every copy, those from before a recheck too.
 *
 * @param lid id of the login: random, so that what follows from it is as hard to guess
 */
export function sessionIdOn(host: string, lid: string): string {
  return createHash('sha256').update(`${lid} ${host}`).digest().subarray(0, 16).toString('base64url');
}
