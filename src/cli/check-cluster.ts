import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@prometheus-io/client';
import { type ClusterState, describeRef, type ObjectRef, objectKey } from '../api/cluster-state.ts';
import type { StatusUpdate } from '../api/status-update.ts';
import { createApiClient } from '../kube/api-server/api-client.ts';
import { causeOf, describeFailure } from '../kube/api-server/api-failure.ts';
import type { ApiAccess } from '../kube/api-server/api-route.ts';
import { type ClusterSource, openClusterSource, sourceTiming } from '../kube/objects/cluster-source.ts';
import { createSourceMetrics } from '../kube/objects/source-metrics.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { createSilentLog } from '../telemetry/logger.ts';
import { containFailure } from '../translate/contain-failure.ts';
import { tellOfCertificates } from '../translate/tell-of-certificates.ts';
import { translate } from '../translate/translate.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import type { Translation } from '../translate/translation.ts';
import type { CheckReport, IngressState } from './check-report.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { firstSecrets } from './first-secrets.ts';
import { type ManifestProblem, manifestProblems } from './manifest-problems.ts';

/** Longest wait for the API server, and again for the Secrets that objects refer to (ms). */
const PATIENCE_MS = 15_000;
const LOOK_MS = 20;

/**
 * Reads a cluster once, as the controller would, and says what becomes of its objects: what Events tell, at any time, and without one having
 * been written. Nothing is changed.
 *
 * @param isStrict whether warnings make it unsound
 * @throws EntragateError `cluster-unreadable` when a collection can not be listed, `api-access-unusable`
 */
export async function checkCluster(
  { access, namespaces, translation: chosen }: ClusterOptions,
  isStrict: boolean,
): Promise<CheckReport> {
  const { ownService } = chosen;
  const client = createApiClient(access);
  await client.checkAccess();
  const source = openClusterSource({
    client,
    namespaces,
    ownService: ownService === null ? null : objectKey(ownService.namespace, ownService.name),
    timing: sourceTiming,
    metrics: createSourceMetrics(new Registry()),
    log: createSilentLog(),
  });
  try {
    await listed(source);
    const options = { ...chosen, materialKey: randomBytes(32) };
    const { secretRefs } = translated(source.state(), options).translation;
    await firstSecrets(source, secretRefs, PATIENCE_MS, new AbortController().signal);
    const { state, translation } = translated(source.state(), options);
    const told = tellOfCertificates(translation, options, Date.now());
    return reportOf(state, source.unansweredSecrets(), told, isStrict);
  } finally {
    await source.close();
    client.close();
  }
}

/** Where nobody says which cluster: that of the pod, or else what kubectl would take. */
export function clusterAccess(access: ApiAccess, environment: NodeJS.ProcessEnv): ApiAccess {
  if (access.kind === 'kubeconfig' || environment.KUBERNETES_SERVICE_HOST) return access;
  const [first = ''] = (environment.KUBECONFIG ?? '').split(':');
  return { kind: 'kubeconfig', path: first === '' ? join(homedir(), '.kube', 'config') : first };
}

/** A refusal is told at once; a connection that fails may be better a moment later. */
async function listed(source: ClusterSource): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!source.hasSynced()) {
    for (const { kind, namespace, failure } of source.conditions()) {
      if (failure === null) continue;
      const isRefusal = ['unauthorized', 'forbidden', 'not-found'].includes(causeOf(failure));
      if (!isRefusal && performance.now() < deadline) continue;
      const where = namespace === null ? '' : ` of namespace ${namespace}`;
      throw new EntragateError(
        'cluster-unreadable',
        `${kind} objects${where} can not be listed, and without them nothing can be said: ${describeFailure(failure)}`,
      );
    }
    if (performance.now() > deadline)
      throw new EntragateError('cluster-unreadable', `The API server did not answer within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** As the controller does: what it denies as a whole is told as unreadable. */
function translated(state: ClusterState, options: TranslateOptions) {
  return containFailure((some) => ({ state: some, translation: translate(some, options) }), null, state).result;
}
const nowhere = { place: null, path: '', hint: '' };

/** Translation takes a Secret that was not read for one that is missing. */
const unread = 'could not be read, and what is said of it below is said as if it were missing';

function reportOf(
  state: ClusterState,
  unreadSecrets: readonly ObjectRef[],
  translation: Translation,
  isStrict: boolean,
): CheckReport {
  const unreadable = [...state.unreadable, ...unreadSecrets.map((ref) => ({ ref, reason: unread }))];
  const problems = [
    ...unreadable.map(({ ref, reason }): ManifestProblem => {
      return { ...nowhere, severity: 'error', code: 'object-unreadable', object: describeRef(ref), message: reason };
    }),
    ...translation.warnings.map((message): ManifestProblem => {
      return { ...nowhere, severity: 'error', code: 'operator-certificate', object: '', message };
    }),
    ...manifestProblems([], state, translation, () => null),
  ];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return {
    isSound: isStrict ? problems.length === 0 : errors === 0,
    problems,
    ingresses: translation.statuses.flatMap(ingressState),
    snapshot: translation.snapshot,
  };
}

/** As the Event of the Ingress says it. */
function ingressState({ ref, event }: StatusUpdate): readonly IngressState[] {
  if (ref.kind !== 'Ingress' || event === null) return [];
  return [{ ingress: `${ref.namespace}/${ref.name}`, reason: event.reason, message: event.message }];
}
