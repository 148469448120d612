import { describeRef } from '../api/cluster-state.ts';
import type { ServiceMapping } from '../config/config.ts';
import type { FileProblem } from '../kube/manifest-file.ts';
import type { Access, Host, Snapshot } from '../snapshot/snapshot.ts';
import type { Translation } from '../translate/translation.ts';

/** What `entragate dev` prints after a change: what changed, then what is wrong. */
export function devReport(changes: readonly string[], problems: readonly string[]): string[] {
  return [...changes, ...problems];
}

/** One line per routed host and path: where it is, and who gets in. */
export function routeLines(snapshot: Snapshot, externalHttpsPort: number): string[] {
  const port = externalHttpsPort === 443 ? '' : `:${externalHttpsPort}`;
  const rows = [...snapshot.hosts.values()].flatMap(({ value: host }) =>
    host.routes.map(({ path, access }) => ({
      url: `https://${hostText(host)}${port}${path.value}`,
      access: accessText(snapshot, access),
    })),
  );
  const width = Math.max(0, ...rows.map(({ url }) => url.length)) + 2;
  return rows.map(({ url, access }) => `${url.padEnd(width)}${access}`).sort();
}

/** Problems of files, of objects and of the command line, one line each. */
export function problemLines(
  problems: readonly FileProblem[],
  translation: Translation,
  unusedMappings: readonly ServiceMapping[],
): string[] {
  const warnings = translation.statuses.flatMap(({ ref, event }) =>
    event !== null && event.type === 'Warning' ? [`${describeRef(ref)}: ${event.message}`] : [],
  );
  const mappings = unusedMappings.map(
    ({ namespace, service, port }) => `--map ${namespace}/${service}:${port}: no manifest has that Service port`,
  );
  return [...problems.map(describeProblem), ...warnings, ...translation.warnings, ...mappings].map(
    (line) => `warning: ${line}`,
  );
}

/** `file:line:column: object: field: what is wrong; what to write`. */
export function describeProblem({ file, line, column, object, path, message, hint }: FileProblem): string {
  const parts = [`${file}:${line}:${column}`, object, path, hint === '' ? message : `${message}; ${hint}`];
  return parts.filter((part) => part !== '').join(': ');
}

function hostText({ pattern }: Host): string {
  switch (pattern.kind) {
    case 'exact':
      return pattern.name;
    case 'wildcard':
      return `*.${pattern.name}`;
    case 'any':
      return '*';
  }
}

function accessText(snapshot: Snapshot, access: Access): string {
  switch (access.kind) {
    case 'policy':
      return `policies ${access.policies.map((key) => snapshot.policies.get(key)?.value.name ?? '?').join(', ')}`;
    case 'authenticated':
      return 'every member of the tenant';
    case 'public':
      return 'public';
    case 'denied':
      return `denied: ${access.detail}`;
  }
}
