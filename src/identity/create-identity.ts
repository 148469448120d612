import type { LookupFunction } from 'node:net';
import { createAssertionHeaders } from './assertion/assertion-headers.ts';
import { answerOwnPath } from './endpoints/own-endpoints.ts';
import { signInPath } from './endpoints/sign-in-endpoints.ts';
import { beginSignIn } from './flow/begin-sign-in.ts';
import type { FlowContext } from './flow/flow-context.ts';
import { withPostponedRechecks } from './flow/postponed-recheck.ts';
import { RedeemedFlows } from './flow/redeemed-flows.ts';
import type { Identity } from './identity.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { createHttpsCall } from './oidc/https-call.ts';
import { ProviderClients } from './oidc/provider-client.ts';
import type { OwnResponse } from './own-endpoint.ts';
import type { Revocation } from './revocation/revocation.ts';
import type { RevocationTable } from './revocation/revocation-table.ts';
import { createSessionReader } from './sessions/session-reader.ts';
import type { IdentityView } from './view.ts';

/** What identity needs from the worker it runs in. */
export interface IdentityOptions {
  /** The view of the current snapshot. */
  readonly view: () => IdentityView;
  readonly keys: () => KeyRing;
  readonly revocations: RevocationTable;
  /** A session came that was sealed with a key which is not among `keys`. At the rate of such requests. */
  readonly onUnknownKey: () => void;
  /** Takes a sign-out to the other workers and replicas. In this worker's table it is already. */
  readonly publishRevocation: (revocation: Revocation) => void;
  /** Whether `id` is redeemed here for the first time, across the workers of this replica; to be remembered until `expiresAtSeconds` (since the epoch). */
  readonly redeemOnce: (id: string, expiresAtSeconds: number) => Promise<boolean>;
  /** PEM of the authority that providers' certificates have to come from (the emulator's, in development); null: the system's roots. */
  readonly trustedCa: string | null;
  /** Resolves names in place of DNS (`login.localhost`, in development); null: DNS. */
  readonly dnsOverride: LookupFunction | null;
  /** Path in `AZURE_FEDERATED_TOKEN_FILE` (Azure workload identity); null: not set. */
  readonly federatedTokenFile: string | null;
  /** Cryptographically strong random bytes: `randomBytes` of node:crypto. */
  readonly random: (bytes: number) => Uint8Array;
  /** One line for each failure that an operator has to repair (an expired client secret, a wrong tenant). */
  readonly log: (line: OperatorAlarm) => void;
}

/** A sign-in that failed for a reason that concerns the installation, not the user. Holds no secret. */
export interface OperatorAlarm {
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}

/**
 * Assembles identity: sessions, sign-in, sign-out, assertions.
 *
 * @example
 * const identity = createIdentity({ view: () => current, keys: () => ring, random: randomBytes, ... });
 */
export function createIdentity(options: IdentityOptions): Identity {
  const { view, keys, revocations, onUnknownKey, publishRevocation, redeemOnce, random } = options;
  const sessions = withPostponedRechecks(createSessionReader({ view, keys, revocations, onUnknownKey }), keys);
  const providers = new ProviderClients(createHttpsCall(options), {
    secret: (key) => view().secret(key),
    federatedTokenFile: options.federatedTokenFile,
  });
  const told = { view, keys, revocations, publishRevocation, redeemOnce, random };
  const context: FlowContext = { ...told, sessions, providers, redeemedFlows: new RedeemedFlows() };
  return Object.freeze({
    read: sessions.read,
    isStillGood: sessions.isStillGood,
    assertionHeaders: createAssertionHeaders({ view, keys }),
    signInPath: (target, provider, wanted) => signInPath(view(), target, provider, wanted),
    startSignIn: async (start) => beginSignIn(context, start),
    answer: async (request) => {
      const answer = await answerOwnPath(context, request);
      alarmOperator(options, answer, request.requestId);
      return answer;
    },
  } satisfies Identity);
}

function alarmOperator({ log }: IdentityOptions, answer: OwnResponse, requestId: string): void {
  if (answer.kind !== 'page' || answer.page.kind !== 'sign-in-failed' || answer.status < 500) return;
  log({ code: answer.log.code, detail: answer.log.detail, requestId });
}
