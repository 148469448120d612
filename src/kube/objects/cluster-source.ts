import type { ClusterState, Kind, ObjectKey, ObjectRef } from '../../api/cluster-state.ts';
import { describeRef } from '../../api/cluster-state.ts';
import type { KindInfo } from '../../api/kinds.ts';
import type { Log } from '../../telemetry/logger.ts';
import type { ApiClient } from '../api-server/api-client.ts';
import { type ApiFailure, causeOf, describeFailure } from '../api-server/api-failure.ts';
import { watchedKinds } from '../api-server/watched-kinds.ts';
import { ChangeGate, type ChangeTiming, changeTiming } from './change-gate.ts';
import { ClusterObjects } from './cluster-objects.ts';
import {
  type ReflectorOptions,
  type ReflectorPhase,
  type ReflectorTiming,
  reflectorTiming,
  runReflector,
} from './reflector.ts';
import { SecretReader } from './secret-reader.ts';
import { type SecretTiming, secretTiming } from './secret-schedule.ts';
import type { SourceMetrics } from './source-metrics.ts';
import { UnreadableLog } from './unreadable-log.ts';

/** What is known of one collection. */
export interface SourceCondition {
  readonly kind: Kind;
  /** null for the whole cluster. */
  readonly namespace: string | null;
  /** Whether it was listed since the start. */
  readonly hasListed: boolean;
  readonly isWatching: boolean;
  /** What last went wrong; null once a watch is open again. */
  readonly failure: ApiFailure | null;
}

/** What changed since the last call. */
export interface ClusterChange {
  readonly changed: readonly ObjectRef[];
}

/** The objects of a cluster, followed. */
export interface ClusterSource {
  /** What is known now. Whole only once {@link ClusterSource.hasSynced}. */
  readonly state: () => ClusterState;
  /** Calls `listener`, which must not throw, after changes that matter, from the first whole state on; returns how to stop that. */
  readonly onChange: (listener: (change: ClusterChange) => void) => () => void;
  /** Sets which Secrets are read: those that the last translation asked for. */
  readonly refer: (secrets: readonly ObjectRef[]) => void;
  /**
   * Waits until each of these Secrets was read once, whatever the answer, for at most `limit` milliseconds. Resolves true when a read ended
   * meanwhile, so that the state may be another now.
   */
  readonly areRead: (secrets: readonly ObjectRef[], limit: number) => Promise<boolean>;
  /** One per collection, whatever became of it. */
  readonly conditions: () => readonly SourceCondition[];
  /** Whether every collection was listed. Once true it stays true: an outage takes away nothing that is known. */
  readonly hasSynced: () => boolean;
  /**
   * How old what is known may be (ms): the time since the collection was heard that has been silent longest. A quiet cluster is heard about
   * once a minute. Infinite before {@link ClusterSource.hasSynced}.
   */
  readonly age: () => number;
  /** Resolves when {@link ClusterSource.hasSynced}; never, when the source is closed before. */
  readonly synced: Promise<void>;
  /** Secrets that were referred to and that the API server has not answered for yet. */
  readonly unansweredSecrets: () => readonly ObjectRef[];
  /** Ends every watch and waits for their ends. Afterwards no listener is called. */
  readonly close: () => Promise<void>;
}

/** How a cluster is followed. */
export interface SourceTiming {
  readonly reflector: ReflectorTiming;
  readonly secrets: SecretTiming;
  readonly changes: ChangeTiming;
}

export const sourceTiming: SourceTiming = {
  reflector: reflectorTiming,
  secrets: secretTiming,
  changes: changeTiming,
};

export interface ClusterSourceOptions {
  readonly client: ApiClient;
  /** Where namespaced kinds are followed, one reflector each (`rbac.scope: namespaced`); null for the whole cluster. */
  readonly namespaces: readonly string[] | null;
  /** The Service of this release; null: there is none. */
  readonly ownService: ObjectKey | null;
  readonly timing: SourceTiming;
  readonly metrics: SourceMetrics;
  readonly log: Log;
}

/** Starts to list and watch, and goes on until `close`, whatever the API server does. */
export function openClusterSource(options: ClusterSourceOptions): ClusterSource {
  return new FollowedCluster(options);
}

class FollowedCluster implements ClusterSource {
  readonly synced: Promise<void>;
  readonly #options: ClusterSourceOptions;
  readonly #objects: ClusterObjects;
  readonly #gate: ChangeGate;
  readonly #secrets: SecretReader;
  readonly #conditions: SourceCondition[];
  /** By collection, on a clock that nobody sets. */
  readonly #heardAt: number[];
  readonly #listeners = new Set<(change: ClusterChange) => void>();
  readonly #closed = new AbortController();
  readonly #running: readonly Promise<void>[];
  readonly #resolveSynced: () => void;

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    this.#objects = new ClusterObjects(options.ownService);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
    this.#gate = new ChangeGate(options.timing.changes, (changed) => {
      for (const listener of this.#listeners) listener({ changed });
    });
    this.#secrets = new SecretReader({
      client: options.client,
      store: this.#objects.stores.Secret,
      timing: options.timing.secrets,
      onChanged: (ref) => this.#gate.add([ref]),
      onRead: (ref, failure) => this.#onSecretRead(ref, failure),
    });
    const collections = watchedKinds.flatMap((info) => scopesOf(info, options.namespaces));
    this.#conditions = collections.map(({ info: { kind }, namespace }) => {
      return { kind, namespace, hasListed: false, isWatching: false, failure: null };
    });
    this.#heardAt = collections.map(() => Number.NEGATIVE_INFINITY);
    this.#running = collections.map(({ info, namespace }, index) => this.#follow(info, namespace, index));
  }

  readonly state = (): ClusterState => this.#objects.state();

  readonly onChange = (listener: (change: ClusterChange) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly refer = (secrets: readonly ObjectRef[]): void => {
    this.#secrets.refer(secrets);
    this.#countSecrets();
  };

  readonly areRead = (secrets: readonly ObjectRef[], limit: number): Promise<boolean> =>
    this.#secrets.areRead(secrets, limit);

  readonly conditions = (): readonly SourceCondition[] => [...this.#conditions];

  readonly hasSynced = (): boolean => this.#conditions.every(({ hasListed }) => hasListed);

  readonly age = (): number => performance.now() - Math.min(...this.#heardAt);

  readonly unansweredSecrets = (): readonly ObjectRef[] => this.#secrets.unanswered();

  readonly close = async (): Promise<void> => {
    this.#closed.abort();
    this.#gate.close();
    this.#secrets.close();
    this.#listeners.clear();
    await Promise.all(this.#running);
  };

  #follow(info: KindInfo, namespace: string | null, index: number): Promise<void> {
    const { client, timing, metrics, log } = this.#options;
    const { kind } = info;
    const unreadable = new UnreadableLog(kind, log);
    const countUnreadable = () => metrics.unreadable(kind, this.#objects.stores[kind].unreadable.length);
    const reflector: ReflectorOptions = {
      client,
      info,
      namespace,
      timing: timing.reflector,
      onListed: (listed) => {
        metrics.listed(kind, listed.length);
        this.#gate.add(this.#objects.replace(kind, namespace, listed));
        countUnreadable();
        unreadable.listed(listed);
        this.#update(index, { hasListed: true });
        if (kind === 'Namespace') this.#settleGone();
        this.#openWhenSynced();
      },
      onEvent: (event) => {
        metrics.event(kind);
        if (this.#objects.apply(event)) this.#gate.add([event.object.ref]);
        countUnreadable();
        unreadable.event(event);
        if (kind === 'Namespace') this.#settleGone();
      },
      onHeard: () => {
        this.#heardAt[index] = performance.now();
      },
      onPhase: (phase) => this.#onPhase(index, phase),
    };
    return runReflector(reflector, this.#closed.signal);
  }

  #openWhenSynced(): void {
    if (!this.hasSynced()) return;
    this.#gate.open();
    this.#resolveSynced();
  }

  /**
   * A listed namespace that is not there has nothing in it. Nobody can list it either, since its Roles went with it: without this, a namespace
   * that one tenant deletes would keep every replica that starts from becoming ready.
   */
  #settleGone(): void {
    for (const [index, condition] of this.#conditions.entries()) {
      const { kind, namespace } = condition;
      if (namespace === null || !this.#isGone(namespace, condition)) continue;
      this.#gate.add(this.#objects.replace(kind, namespace, []));
      this.#heardAt[index] = performance.now();
      this.#update(index, { hasListed: true });
      this.#countWatches(kind);
    }
    this.#openWhenSynced();
  }

  #isGone(namespace: string, { failure }: SourceCondition): boolean {
    if (failure === null || !['forbidden', 'not-found'].includes(causeOf(failure))) return false;
    const known = this.#conditions.some(({ kind, hasListed }) => kind === 'Namespace' && hasListed);
    return known && !this.#objects.stores.Namespace.has({ kind: 'Namespace', namespace: '', name: namespace });
  }

  #update(index: number, change: Partial<Omit<SourceCondition, 'kind' | 'namespace'>>): void {
    const before = this.#conditions[index];
    if (before !== undefined) this.#conditions[index] = { ...before, ...change };
  }

  #onPhase(index: number, phase: ReflectorPhase): void {
    const before = this.#conditions[index];
    if (before === undefined) return;
    const { kind, namespace } = before;
    switch (phase.kind) {
      case 'listing':
        this.#update(index, { isWatching: false });
        break;
      case 'watching':
        this.#update(index, { isWatching: true, failure: null });
        if (before.failure !== null) {
          this.#options.log[isInOrder(before.failure) ? 'debug' : 'info'](
            { kind, namespace },
            `${kind} objects are followed again`,
          );
        }
        break;
      case 'failing':
        this.#update(index, { isWatching: false, failure: phase.failure });
        this.#reportFailure(before, phase.failure);
        this.#settleGone();
        break;
      default:
        phase satisfies never;
    }
    this.#countWatches(kind);
  }

  #countWatches(kind: Kind): void {
    const all = this.#conditions.filter((condition) => condition.kind === kind);
    const open = all.filter(({ isWatching }) => isWatching);
    const lost = all.filter(
      (condition) =>
        !condition.isWatching && (condition.namespace === null || !this.#isGone(condition.namespace, condition)),
    );
    this.#options.metrics.watches(kind, open.length, lost.length);
  }

  /** Counts every failure, and logs the first of a row. */
  #reportFailure(before: SourceCondition, failure: ApiFailure): void {
    const { kind, namespace } = before;
    const cause = causeOf(failure);
    this.#options.metrics.failed(kind, cause);
    if (before.failure !== null && causeOf(before.failure) === cause) return;
    const message = `${kind} objects are not followed at the moment, what is known of them stays: ${describeFailure(failure)}`;
    this.#options.log[isInOrder(failure) ? 'debug' : 'warn']({ kind, namespace, cause }, message);
  }

  #onSecretRead(ref: ObjectRef, failure: ApiFailure | null): void {
    const { metrics, log } = this.#options;
    this.#countSecrets();
    if (failure === null) return;
    metrics.failed(ref.kind, causeOf(failure));
    log.warn(
      { cause: causeOf(failure) },
      `${describeRef(ref)} can not be read at the moment: ${describeFailure(failure)}`,
    );
  }

  #countSecrets(): void {
    this.#options.metrics.secrets({
      present: this.#secrets.count('present'),
      missing: this.#secrets.count('missing'),
      failed: this.#secrets.count('failed'),
    });
  }
}

/**
 * Bookmarks of a collection in which nothing changes come only where etcd tells the API server of its progress: every 5 s in most clusters, and every
 * 10 min by default. Whatever else is wrong shows when the watch is opened again, at once.
 */
function isInOrder(failure: ApiFailure): boolean {
  return failure.kind === 'silent';
}

function scopesOf(
  info: KindInfo,
  namespaces: readonly string[] | null,
): readonly { readonly info: KindInfo; readonly namespace: string | null }[] {
  if (namespaces === null || !info.isNamespaced) return [{ info, namespace: null }];
  return [...new Set(namespaces)].map((namespace) => ({ info, namespace }));
}
