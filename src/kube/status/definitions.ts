import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, type Registry } from '@prometheus-io/client';
import { customResources } from '../../api/generated/custom-resources.ts';
import { type CustomResource, REVISION_ANNOTATION } from '../../api/json-schema.ts';
import type { Log } from '../../telemetry/logger.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { describeFailure } from '../api-server/api-failure.ts';
import { rawFields } from '../api-server/raw-fields.ts';

export interface DefinitionWatch {
  readonly client: ApiClient;
  readonly registry: Registry;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** An upgrade of the definitions is noticed within this time (ms). */
const READ_EVERY_MS = 5 * 60_000;

/**
 * Compares the CustomResourceDefinitions of the cluster with those of this release, again and again: Helm does not upgrade them, and the API
 * server drops fields that an older one does not know. It may `get` them by name; where it may not, it says so once.
 *
 * @param readEvery ms
 */
export async function watchDefinitions(watch: DefinitionWatch, readEvery: number = READ_EVERY_MS): Promise<void> {
  const outdated = createDefinitionGauge(watch.registry);
  const told = new Map<string, string>();
  while (!watch.signal.aborted) {
    for (const resource of customResources) {
      const name = `${resource.plural}.${resource.group}`;
      const found = await readRevision(watch, name);
      if (watch.signal.aborted) return;
      if (found.ok) outdated.set({ crd: name }, found.revision < resource.revision ? 1 : 0);
      const message = found.ok ? problemOf(name, found.revision, resource) : found.problem;
      if (message !== '' && told.get(name) !== message) watch.log.warn({ crd: name }, message);
      told.set(name, message);
    }
    await delay(readEvery, null, { signal: watch.signal }).catch(() => {});
  }
}

/** Registers the metric of definitions that are older than this release. */
export function createDefinitionGauge(registry: Registry): Gauge<'crd'> {
  return new Gauge({
    name: 'entragate_crd_outdated',
    help: 'Whether the CustomResourceDefinition in the cluster is older than this release.',
    labelNames: ['crd'] as const,
    registers: [registry],
  });
}

type RevisionReading =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly problem: string };

/** A definition without the annotation is older than the annotation. */
async function readRevision({ client, signal }: DefinitionWatch, name: string): Promise<RevisionReading> {
  const answer = await client.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`, signal);
  if (!answer.ok) {
    const problem = `Whether the CustomResourceDefinition ${name} is older than this release can not be told: ${describeFailure(answer.failure)}`;
    return { ok: false, problem };
  }
  const annotations = rawFields(rawFields(rawFields(answer.value).metadata).annotations);
  return { ok: true, revision: Number(annotations[REVISION_ANNOTATION] ?? 0) || 0 };
}

function problemOf(name: string, revision: number, { revision: own }: CustomResource): string {
  if (revision >= own) return '';
  return `The CustomResourceDefinition ${name} has revision ${revision}, and this release was made for ${own}: the API server drops fields that it does not know. Apply the definitions of this release: kubectl apply --server-side --force-conflicts -f crds`;
}
