import type { FlowContext } from '../flow/flow-context.ts';
import { numberMember, stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';

/** What an app's host tells the host that runs sign-in, after a sign-out was confirmed there. */
export interface SignOutRequest {
  /** The app's host. */
  readonly host: string;
  /** The login that signed out; '' when the app's host had no session any more. */
  readonly lid: string;
  /** Its provider, or ''. */
  readonly provider: string;
  readonly everywhere: boolean;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** Seconds in which the browser has to arrive, or the user to confirm. */
const LIFETIME = 15 * 60;

/** Seals a request of `siteHost` to sign out at the auth host. */
export function sealSignOutRequest(context: FlowContext, siteHost: string, request: SignOutRequest): string {
  return sealRecord('sign-out-request', siteHost, request, context.keys());
}

/**
 * Null for anything else, and for what is too old.
 *
 * @param now seconds since the epoch
 */
export function openSignOutRequest(
  context: FlowContext,
  siteHost: string,
  sealed: string,
  now: number,
): SignOutRequest | null {
  const record = openRecord('sign-out-request', siteHost, sealed, context.keys());
  if (record === null) return null;
  const host = stringMember(record, 'host');
  const lid = stringMember(record, 'lid');
  const provider = stringMember(record, 'provider');
  const at = numberMember(record, 'at');
  if (host === null || lid === null || provider === null || at === null || now - at > LIFETIME) return null;
  return { host, lid, provider, everywhere: record.everywhere === true, at };
}
