import type { Ingress } from '../api/kubernetes.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import type { Findings } from './findings.ts';
import { readHostPattern } from './host-pattern.ts';

/** Reads the host at a path of an Ingress; null, with a finding, for what is none. */
export function readHost(
  text: string | undefined,
  path: string,
  ingress: Ingress,
  findings: Findings,
): HostPattern | null {
  const read = readHostPattern(text);
  if (read.ok) return read.pattern;
  findings.add(ingress, 'host-invalid', path, `Host ${read.problem}. It is not programmed.`);
  return null;
}
