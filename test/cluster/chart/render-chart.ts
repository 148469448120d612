import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { TestObject } from '../kube/objects.ts';
import { succeed } from '../kube/run-program.ts';

/** What `helm install` is given. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  /** As a file for `--values` holds them. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The folder of the chart. */
export const chartFolder = join(import.meta.dirname, '../../../charts/entragate');

/** The least that an installation has to say. */
export const minimalValues = {
  identityProvider: {
    tenantId: '11111111-2222-3333-4444-555555555555',
    clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  },
  authHost: { name: 'auth.example.com' },
} as const;

/** The same for the command line of helm, as README.md of the chart writes it. */
export const minimalSettings: readonly string[] = [
  `identityProvider.tenantId=${minimalValues.identityProvider.tenantId}`,
  `identityProvider.clientId=${minimalValues.identityProvider.clientId}`,
  `authHost.name=${minimalValues.authHost.name}`,
].flatMap((setting) => ['--set', setting]);

/** What `helm template` prints for a release, its test hooks included. */
export function renderChart({ name, namespace, values }: ChartRelease): Promise<string> {
  const argv = ['template', name, chartFolder, '--namespace', namespace, '--values', '-'];
  return succeed('helm', { argv, kubeconfig: null, input: JSON.stringify(values) });
}

/** The objects of a release, without hooks unless they are asked for. */
export async function chartObjects(
  release: ChartRelease,
  hooks: 'with hooks' | 'without hooks',
): Promise<readonly TestObject[]> {
  const objects = readObjects(await renderChart(release));
  return hooks === 'with hooks' ? objects : objects.filter((object) => !isHook(object));
}

/** The objects of a text with several YAML documents. */
export function readObjects(text: string): readonly TestObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object: TestObject | null = document.toJS();
    return object === null ? [] : [object];
  });
}

/** The object of a kind and a name. */
export function objectOf(objects: readonly TestObject[], kind: string, name: string): TestObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** Whether Helm applies an object on its own occasions only. */
export function isHook({ metadata }: TestObject): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}
