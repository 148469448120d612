import { isJsonRecord, parseJsonRecord, stringMember } from '../oidc/json-record.ts';
import { noProvider } from '../sealed/provider-binding.ts';
import { open, seal } from '../sealed/seal.ts';
import type { FlowContext } from './flow-context.ts';
import { type FlowStart, readFlowStart } from './flow-start.ts';

/** What travels through the provider as `state`: no nonce, no PKCE verifier, only their cookie's id. */
export interface FlowState {
  /** Names the cookie on the host that runs sign-in. */
  readonly id: string;
  readonly start: FlowStart;
}

export function sealFlowState(context: FlowContext, host: string, state: FlowState): string {
  return seal('state', host, noProvider, Buffer.from(JSON.stringify(state)), context.keys());
}

/** Null for anything that was not sealed as a state by `host`. */
export function openFlowState(context: FlowContext, host: string, sealed: string): FlowState | null {
  const payload = open('state', host, noProvider, sealed, context.keys());
  const record = payload === null ? null : parseJsonRecord(Buffer.from(payload).toString('utf8'));
  if (record === null || !isJsonRecord(record.start)) return null;
  const id = stringMember(record, 'id');
  const start = readFlowStart(record.start);
  return id === null || start === null ? null : { id, start };
}
