import { parseHostPattern } from '../api/host-pattern.ts';
import { type Key, tableKey } from '../snapshot/ids.ts';
import type { HostPattern } from '../snapshot/snapshot.ts';
import { byIdentity } from './by-identity.ts';

/** A host of an Ingress, or one sentence part on why it is none. */
export type HostReading =
  | { readonly ok: true; readonly pattern: HostPattern }
  | { readonly ok: false; readonly problem: string };

/** Most texts whose patterns are remembered; past it all are forgotten. */
const MOST_REMEMBERED = 20_000;

const remembered = new Map<string, HostReading>();

/**
 * Reads `IngressRule.host` or an entry of `IngressTLS.hosts`.
 *
 * @param text undefined or empty: every host
 * @returns where the text is a host, the same object for the same text mostly: what is remembered of a pattern then stands once for all Ingresses that name it
 */
export function readHostPattern(text: string | undefined): HostReading {
  if (text === undefined || text === '') return { ok: true, pattern: { kind: 'any' } };
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const read = parsePattern(text);
  if (!read.ok) return read;
  if (remembered.size === MOST_REMEMBERED) remembered.clear();
  remembered.set(text, read);
  return read;
}

function parsePattern(text: string): HostReading {
  const parsed = parseHostPattern(text);
  if (!parsed.ok) return { ok: false, problem: parsed.message };
  const { value } = parsed;
  return {
    ok: true,
    pattern: value.kind === 'exact' ? { kind: 'exact', name: value.host } : { kind: 'wildcard', name: value.suffix },
  };
}

/** How people write a pattern. */
export function describeHost(pattern: HostPattern): string {
  switch (pattern.kind) {
    case 'exact':
      return pattern.name;
    case 'wildcard':
      return `*.${pattern.name}`;
    case 'any':
      return '*';
  }
}

/** Key of the pattern in the `hosts` table. */
export const hostKey = byIdentity((pattern: HostPattern): Key => {
  return pattern.kind === 'any' ? tableKey('any') : tableKey(pattern.kind, pattern.name);
});

/** The wildcard that matches an exact host: one label less (Kubernetes Ingress, "Hostname wildcards"). */
export const wildcardOver = byIdentity((pattern: HostPattern): HostPattern | null => {
  if (pattern.kind !== 'exact') return null;
  const dot = pattern.name.indexOf('.');
  return dot === -1 ? null : { kind: 'wildcard', name: pattern.name.slice(dot + 1) };
});
