import type { Candidate } from './candidates.ts';
import { ingressCount, policyCount } from './large-cluster.ts';
import type { CandidateFigures } from './load-rounds.ts';
import type { PropagationFigures } from './propagation.ts';
import type { TranslationFigures } from './translate.ts';

const columns: readonly (readonly [title: string, width: number, text: (figures: CandidateFigures) => string])[] = [
  ['', 42, ({ name }) => name],
  ['CPU µs/request', 15, ({ cpuMicroseconds }) => cpuMicroseconds.toFixed(1)],
  ['ratio', 7, ({ ratio }) => ratio.toFixed(2)],
  ['(range)', 15, ({ ratioRange: [low, high] }) => `(${low.toFixed(2)}–${high.toFixed(2)})`],
  ['requests/s', 12, ({ requestsPerSecond }) => requestsPerSecond.toFixed(0)],
  ['p50 ms', 8, ({ p50Milliseconds }) => p50Milliseconds.toFixed(2)],
  ['p99 ms', 8, ({ p99Milliseconds }) => p99Milliseconds.toFixed(2)],
  ['RSS MiB', 9, ({ residentMebibytes }) => residentMebibytes.toFixed(0)],
];

/** One line for each candidate, as a table for people. */
export function loadTable(all: readonly CandidateFigures[]): readonly string[] {
  const row = (text: (column: (typeof columns)[number]) => string) =>
    columns
      .map((column, index) => (index === 0 ? text(column).padEnd(column[1]) : text(column).padStart(column[1])))
      .join('');
  return [row(([title]) => title), ...all.map((figures) => row(([, , text]) => text(figures)))];
}

/** How large the sessions are that were sent. */
export function cookieLines(candidates: readonly Candidate[]): readonly string[] {
  return candidates.flatMap(({ entragate }) =>
    entragate === null ? [] : [`Session of ${entragate.groups} groups: ${entragate.cookieBytes} bytes of cookie`],
  );
}

/** What a run that gets this far has shown: the bench ends with an error otherwise. */
export const checkedLine =
  'Every answer was 200, and is in the access log and the metrics; each session revoked under load was refused with 401.';

/** How long changes of objects take. */
export function changeLines(translation: TranslationFigures, propagation: PropagationFigures): readonly string[] {
  const line = (name: string, milliseconds: number) => `  ${name.padEnd(66)}${milliseconds.toFixed(1).padStart(8)} ms`;
  return [
    line(`first snapshot of ${ingressCount} Ingresses and ${policyCount} Policies`, translation.firstBuild),
    line('a whole build after one changed Policy', translation.laterBuild),
    line('one changed EndpointSlice, translated and taken up in one process', translation.endpointChange),
    line('one changed EndpointSlice, until a worker process serves from it', propagation.median),
    line('the longest of these', propagation.longest),
  ];
}
