import { isJsonRecord, stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import type { FlowContext } from './flow-context.ts';
import { type FlowStart, readFlowStart } from './flow-start.ts';

/** What travels through the provider as `state`: no nonce, no PKCE verifier, only their cookie's id. */
export interface FlowState {
  /** Names the cookie on the host that runs sign-in. */
  readonly id: string;
  readonly start: FlowStart;
}

/** Seals a state that only `host`, where it was made, opens. */
export function sealFlowState(context: FlowContext, host: string, state: FlowState): string {
  return sealRecord('state', host, state, context.keys());
}

/** Null for anything that was not sealed as a state by `host`. */
export function openFlowState(context: FlowContext, host: string, sealed: string): FlowState | null {
  const record = openRecord('state', host, sealed, context.keys());
  if (record === null || !isJsonRecord(record.start)) return null;
  const id = stringMember(record, 'id');
  const start = readFlowStart(record.start);
  return id === null || start === null ? null : { id, start };
}
