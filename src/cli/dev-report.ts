import type { ServiceMapping } from '../config/config.ts';
import type { Access, Snapshot } from '../snapshot/snapshot.ts';
import { describeHost } from '../translate/host-pattern.ts';
import { formatProblem, type ManifestProblem } from './manifest-problems.ts';

/** What `entragate dev` prints after a change: what changed, then what is wrong. */
export function devReport(changes: readonly string[], problems: readonly string[]): string[] {
  return [...changes, ...problems];
}

/** One line per routed host and path: where it is, and who gets in. */
export function routeLines(snapshot: Snapshot, externalHttpsPort: number): string[] {
  const port = externalHttpsPort === 443 ? '' : `:${externalHttpsPort}`;
  const rows = [...snapshot.hosts.values()].flatMap(({ value: host }) =>
    host.routes.map(({ path, access }) => ({
      url: `https://${describeHost(host.pattern)}${port}${path.value}`,
      access: accessText(snapshot, access),
    })),
  );
  const width = Math.max(0, ...rows.map(({ url }) => url.length)) + 2;
  return rows.map(({ url, access }) => `${url.padEnd(width)}${access}`).sort();
}

/** Problems of manifests, of the options and of the command line, one line each. */
export function problemLines(
  problems: readonly ManifestProblem[],
  warnings: readonly string[],
  unusedMappings: readonly ServiceMapping[],
): string[] {
  const mappings = unusedMappings.map(
    ({ namespace, service, port }) => `--map ${namespace}/${service}:${port}: no manifest has that Service port`,
  );
  return [...problems.map(formatProblem), ...[...warnings, ...mappings].map((line) => `warning: ${line}`)];
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
