import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type ChartRelease, readObjects, renderChart } from './render-chart.ts';

/** A release under `golden/`: its values, and what Helm makes of them. */
export interface ValueSet {
  /** Of its files: `NAME.values.yaml` and `NAME.yaml`. */
  readonly name: string;
  readonly release: ChartRelease;
}

const folder = new URL('./golden/', import.meta.url);

/** Every value set. The first line of a file names the release: `# internal in edge`. */
export const valueSets: readonly ValueSet[] = readdirSync(folder)
  .filter((file) => file.endsWith('.values.yaml'))
  .toSorted()
  .map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const [, name, namespace] = /^# (\S+) in (\S+)\n/.exec(text) ?? [];
    if (name === undefined || namespace === undefined)
      throw new Error(`${file} does not begin with "# RELEASE in NAMESPACE"`);
    return { name: file.replace('.values.yaml', ''), release: { name, namespace, values: parse(text) } };
  });

/** Where the rendered form of a value set lies. */
export function goldenFile({ name }: ValueSet): URL {
  return new URL(`${name}.yaml`, folder);
}

/** Renders each value set once. */
export async function renderValueSets() {
  return Promise.all(
    valueSets.map(async (set) => {
      const text = await renderChart(set.release);
      return { set, text, objects: readObjects(text) };
    }),
  );
}
