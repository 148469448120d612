import { refOf } from '../api/cluster-state.ts';
import type { StatusEvent, StatusUpdate } from '../api/status-update.ts';
import { eventText } from './event-text.ts';
import type { Finding } from './findings.ts';
import type { OwnIngress } from './own-ingress.ts';

/** What a build made of one Ingress. */
export interface IngressOutcome {
  readonly own: OwnIngress;
  /** Hosts programmed from it. */
  readonly hosts: number;
  /** Hosts that it names and does not get. */
  readonly refusedHosts: number;
  /** What there is to say of these. */
  readonly refused: readonly Finding[];
  /** What else there is to say of it. */
  readonly findings: readonly Finding[];
}

/**
 * The status of an Ingress: one Event on its current state, and whether it gets our address: only with all its hosts, and not when nobody can
 * tell which hosts it names now.
 */
export function ingressStatus(outcome: IngressOutcome): StatusUpdate {
  const { ingress, access } = outcome.own;
  const isCut = outcome.findings.some(({ kind }) => kind === 'too-many-hosts');
  const isReadable = access.access.kind !== 'denied' || access.access.reason !== 'object-unreadable';
  return {
    ref: refOf(ingress),
    uid: ingress.metadata.uid,
    generation: ingress.metadata.generation,
    conditions: [],
    attachedRoutes: [],
    event: ingressEvent(outcome),
    address: isReadable && outcome.hosts > 0 && outcome.refusedHosts === 0 && !isCut,
  };
}

function ingressEvent({ own, hosts, refused, findings: found }: IngressOutcome): StatusEvent {
  const { access, notes } = own.access;
  const findings = [...refused.map(({ message }) => message), ...notes, ...found.map(({ message }) => message)];
  if (hosts === 0) {
    return { type: 'Warning', reason: 'NotProgrammed', message: eventText(['No host is programmed.', ...findings]) };
  }
  if (access.kind === 'denied') {
    return { type: 'Warning', reason: 'Denied', message: eventText([describeAccess(own), ...findings]) };
  }
  const isClean = findings.length === 0;
  return {
    type: isClean ? 'Normal' : 'Warning',
    reason: isClean ? 'Programmed' : 'ProgrammedWithProblems',
    message: eventText([describeAccess(own), ...findings]),
  };
}

function describeAccess({ ingress, access: { access, policies } }: OwnIngress): string {
  switch (access.kind) {
    case 'policy': {
      const names = [...policies.values()].map(({ value }) => {
        const isAudit = value.program.mode === 'Audit';
        return `${ownName(value.name, ingress.metadata.namespace)}${isAudit ? ' (Audit)' : ''}`;
      });
      return `Programmed; access by ${names.length === 1 ? 'policy' : 'policies'} ${names.join(', ')}.`;
    }
    case 'authenticated':
      return 'Programmed; access for every member of the tenant.';
    case 'public':
      return 'Programmed; access is public, nobody signs in.';
    case 'denied':
      return `Every request is denied. ${access.detail}`;
  }
}

/** As the Ingress writes it: a Policy of its own namespace without the namespace. */
function ownName(name: string, namespace: string): string {
  return name.startsWith(`${namespace}/`) && namespace !== 'cluster' ? name.slice(namespace.length + 1) : name;
}
