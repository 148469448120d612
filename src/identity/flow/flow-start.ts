import type { SignInWanted } from '../identity.ts';
import { isJsonRecord, type JsonRecord, numberMember, stringMember } from '../oidc/json-record.ts';
import { openRecord, sealRecord } from '../sealed/sealed-record.ts';
import type { FlowContext } from './flow-context.ts';

/** A sign-in from the request that needed it: sealed, it travels through every step. */
export interface FlowStart {
  /** Names the cookie that the app's host set for this flow. */
  readonly id: string;
  /** The app's host. */
  readonly host: string;
  readonly target: string;
  readonly queryDropped: boolean;
  readonly provider: string;
  readonly wanted: SignInWanted;
  /** Counts sign-ins in a row for the same target, from 1. */
  readonly round: number;
  /** The flow was begun again by itself once; it will not be a second time. */
  readonly restarted: boolean;
  /** Seconds since the epoch. */
  readonly startedAt: number;
}

/** Seals `start` for `recipient`: the host that runs sign-in, or back to the app's own. */
export function sealFlowStart(context: FlowContext, recipient: string, start: FlowStart): string {
  return sealRecord('start-request', recipient, start, context.keys());
}

/** Null for anything that was not sealed for `recipient`. */
export function openFlowStart(context: FlowContext, recipient: string, sealed: string): FlowStart | null {
  const record = openRecord('start-request', recipient, sealed, context.keys());
  return record === null ? null : readFlowStart(record);
}

/** Reads a start that came out of a seal: whole, or not at all. */
export function readFlowStart(record: JsonRecord): FlowStart | null {
  const id = stringMember(record, 'id');
  const host = stringMember(record, 'host');
  const target = stringMember(record, 'target');
  const provider = stringMember(record, 'provider');
  const round = numberMember(record, 'round');
  const startedAt = numberMember(record, 'startedAt');
  const { queryDropped, restarted, wanted } = record;
  if (id === null || host === null || target === null || provider === null) return null;
  if (round === null || startedAt === null || !isJsonRecord(wanted)) return null;
  if (typeof queryDropped !== 'boolean' || typeof restarted !== 'boolean') return null;
  return {
    ...{ id, host, target, queryDropped, provider, round, restarted, startedAt },
    wanted: {
      maxAgeSeconds: numberMember(wanted, 'maxAgeSeconds'),
      authContext: stringMember(wanted, 'authContext'),
      freshFacts: wanted.freshFacts === true,
    },
  };
}
