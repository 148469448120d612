import { jwks } from '../assertion/assertion-key.ts';
import type { FlowContext } from '../flow/flow-context.ts';
import { logged } from '../flow/own-answer.ts';
import type { OwnResponse } from '../own-endpoint.ts';

/** Seconds that apps may keep the key set. A new key signs after three minutes, and another replica may publish it only one after it was made. */
const MAX_AGE = 60;

/** The public keys of assertions (RFC 7517 §5), for apps: needs no session. */
export function publishKeys(context: FlowContext): OwnResponse {
  return {
    kind: 'json',
    status: 200,
    contentType: 'application/jwk-set+json',
    body: JSON.stringify(jwks(context.keys())),
    cacheControl: `public, max-age=${MAX_AGE}`,
    cookies: [],
    log: logged('keys-published'),
  };
}
