import type { Attempt } from './attempts.ts';
import type { ForbiddenRequest } from './forbidden.ts';
import { harmlessFields } from './harmless.ts';
import type { Outcome } from './writes.ts';

/** The table of what is attacked, for a golden file: a field that is added to a schema is one more line. */
export function attemptTable(attempts: readonly Attempt[], forbidden: readonly ForbiddenRequest[]): string {
  const lines = [
    ...countBy(attempts.map(({ field }) => field)).map(([field, count]) => `${field}: ${count} values`),
    ...countBy(forbidden.map(({ field }) => field ?? 'in namespaces of others, or everywhere')).map(
      ([field, count]) => `${field}: ${count} requests that RBAC has to refuse`,
    ),
    ...Object.entries(harmlessFields).map(([field, reason]) => `${field}: not attacked, since it ${reason}`),
  ];
  return `${lines.toSorted().join('\n')}\n`;
}

/** `1,234 attempts: 12 forbidden by RBAC, …`. */
export function outcomeLine(outcomes: readonly Outcome[]): string {
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  return (
    `${outcomes.length} attempts: ${count('forbidden')} not permitted by RBAC, ${count('invalid')} invalid to the API server, ` +
    `${count('refused')} refused by admission, ${count('accepted')} taken and held by the controller`
  );
}

function countBy(names: readonly string[]): readonly (readonly [string, number])[] {
  return [...Map.groupBy(names, (name) => name)].map(([name, same]) => [name, same.length] as const);
}
