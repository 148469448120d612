import type { ClusterState, ObjectRef } from '../api/cluster-state.ts';
import type { Revocation } from '../identity/revocation/revocation.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { validateChange, validateSnapshot } from '../snapshot/validate-snapshot.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import type { Log } from '../telemetry/logger.ts';
import { containFailure } from '../translate/contain-failure.ts';
import { denyEverything } from '../translate/deny-everything.ts';
import { describeChange } from '../translate/describe-change.ts';
import { retranslate } from '../translate/retranslate.ts';
import { nextExpiry, tellOfCertificates } from '../translate/tell-of-certificates.ts';
import { translate } from '../translate/translate.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';
import type { Translation } from '../translate/translation.ts';
import type { DataPlanes } from './data-planes.ts';
import { revocationsOf } from './revocations-of.ts';

/** Where objects come from: a cluster, or folders of manifests. */
export interface ClusterSource {
  state(): ClusterState;
  /** Calls back after each change that could matter; returns what stops it. */
  onChange(listener: () => void): () => void;
}

/** Times outside tests: a worker that is silent for half of `patience` is replaced. */
export const controlTiming: Pick<ControlPlaneOptions, 'retryAfter' | 'patience' | 'now'> = {
  retryAfter: 10_000,
  patience: 60_000,
  now: Date.now,
};

/** Timers of Node.js go no further than 2^31 ms. */
const LONGEST_TIMER_MS = 86_400_000;

export interface ControlPlaneOptions {
  readonly source: ClusterSource;
  /** In development the authorities that may be named are those that the manifests name. */
  readonly translation: (state: ClusterState) => TranslateOptions;
  /** What this process adds to the objects of the source, e.g. the certificate of `entragate dev`. */
  readonly prepare: (state: ClusterState) => Promise<ClusterState>;
  /**
   * Has the Secrets read that a translation asks for. True: some were read for the first time meanwhile, so that the state is another now. A
   * snapshot without them would put the default certificate in the place of one that is there.
   */
  readonly readSecrets: (secrets: readonly ObjectRef[]) => Promise<boolean>;
  readonly planes: DataPlanes;
  readonly log: Log;
  /** After how long what could not be applied is tried again, if nothing changes before (ms). */
  readonly retryAfter: number;
  /** How long every data plane may take to acknowledge a snapshot (ms): past it rounds go on, and this one counts as one that could not be applied. */
  readonly patience: number;
  /** Milliseconds since the epoch: by it certificates expire. */
  readonly now: () => number;
  /** After every data plane serves from it: what changed, in words. */
  readonly onApplied: (applied: Applied) => void;
}

export interface Applied {
  readonly translation: Translation;
  /** Namespaces that are denied as a whole, since something in them could not be translated. */
  readonly denied: readonly string[];
  /** Empty for the first one. */
  readonly changes: readonly string[];
  readonly isFirst: boolean;
}

/** A state, and what became of it. */
interface Translated {
  /** Without what is denied. */
  readonly state: ClusterState;
  readonly options: TranslateOptions;
  readonly translation: Translation;
  readonly denied: readonly string[];
}

/**
 * The journey of an object (docs/architecture.md): source → translate → validate → data planes.
 * One round runs at a time; what changes meanwhile is taken up by the next. A snapshot that can not be built or is not valid is not sent: one without the
 * namespaces at fault is, which are denied. Where none is at fault the last good one stays, its age counts, and it is tried again.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  #revoked: ReadonlySet<string> = new Set();
  #current: Translated | null = null;
  /** What every data plane was last seen to serve from; null: nothing yet. */
  #applied: Translation | null = null;
  #isOutdated = false;
  #isPending = false;
  /** When a change could first not be applied; null: all are. */
  #behindSince: number | null = null;
  #next: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isStopped = false;
  #stop: () => void = () => {};

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  /** Resolves when every data plane serves from the first snapshot. */
  async start(): Promise<void> {
    this.#stop = this.#options.source.onChange(() => this.#take());
    this.#take();
    await this.#round;
  }

  /** Whether what the source knows is too old to let anybody in: then everything is denied, until it is not. */
  setOutdated(isOutdated: boolean): void {
    if (this.#isOutdated === isOutdated) return;
    this.#isOutdated = isOutdated;
    this.#take();
  }

  /** For how long changes could not be applied (ms). */
  readonly behind = (): number => (this.#behindSince === null ? 0 : performance.now() - this.#behindSince);

  /** No round starts after this; resolves when the running one has ended. */
  async stop(): Promise<void> {
    this.#stop();
    this.#isStopped = true;
    this.#isPending = false;
    await this.#round;
  }

  #take(): void {
    if (this.#isStopped) return;
    this.#isPending = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#round = this.#run();
  }

  async #run(): Promise<void> {
    while (this.#isPending) {
      this.#isPending = false;
      clearTimeout(this.#next);
      try {
        await this.#apply();
        this.#behindSince = null;
      } catch (cause) {
        this.#options.log.error({ err: cause }, 'A change could not be applied; the last good snapshot stays');
        this.#behindSince ??= performance.now();
        await this.#denyCurrent();
        this.#takeAfter(this.#options.retryAfter);
      }
    }
    this.#isRunning = false;
  }

  #takeAfter(ms: number): void {
    this.#next = setTimeout(() => this.#take(), ms).unref();
  }

  async #apply(): Promise<void> {
    const { readSecrets, now, onApplied } = this.#options;
    const previous = this.#current;
    let next = await this.#translate(previous);
    if (await readSecrets(next.translation.secretRefs)) next = await this.#translate(previous);
    await this.#serve(next);
    const time = now();
    const translation = tellOfCertificates(next.translation, next.options, time);
    const before = this.#applied;
    this.#applied = translation;
    const changes = before === null ? [] : describeChange(before, translation);
    onApplied({ translation, denied: next.denied, changes, isFirst: before === null });
    const expiry = nextExpiry(translation, time);
    if (expiry !== null) this.#takeAfter(Math.min(expiry - time, LONGEST_TIMER_MS));
  }

  /** @throws EntragateError `snapshot-not-acknowledged` */
  async #serve(next: Translated): Promise<void> {
    const { translation } = next;
    const served = this.#isOutdated ? denyEverything(translation.snapshot) : translation.snapshot;
    this.#current = next;
    await this.#publish(served, translation);
  }

  /** Where workers die of a snapshot nobody acknowledges it, and the next one, which may take back what they die of, must not wait for that. */
  async #publish(served: Snapshot, { secrets }: Translation): Promise<void> {
    const { planes, patience } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new EntragateError('snapshot-not-acknowledged', `not every worker took a snapshot within ${patience} ms`),
        );
      }, patience);
    });
    await Promise.race([planes.publish(served, secrets), tooLate]).finally(() => clearTimeout(timer));
  }

  /** What is too old to let anybody in does not, whether or not anything newer can be applied. */
  async #denyCurrent(): Promise<void> {
    if (!this.#isOutdated || this.#current === null) return;
    await this.#serve(this.#current).catch((cause: unknown) => {
      this.#options.log.error({ err: cause }, 'What is too old could not be denied');
    });
  }

  async #translate(previous: Translated | null): Promise<Translated> {
    const { source, prepare, translation } = this.#options;
    const listed = source.state();
    this.#revoke(revocationsOf(listed)); // first, so that nothing that is wrong with other objects delays it
    const state = await prepare(listed);
    const options = translation(state);
    const { result, blamed, cause } = containFailure(
      (some) => build(some, options, previous),
      previous?.state ?? null,
      state,
    );
    if (blamed.length > 0 && blamed.join() !== previous?.denied.join()) {
      const message = `Namespaces hold something that can not be translated, a defect, and are denied as a whole: ${blamed.join(', ')}`;
      this.#options.log.error({ err: cause }, message);
    }
    return { ...result, denied: blamed };
  }

  /** Told once each. Deleting the object takes nothing back: a revocation ends when it expires. */
  #revoke(revocations: readonly Revocation[]): void {
    const current = new Map(revocations.map((revocation) => [JSON.stringify(revocation), revocation]));
    for (const [text, revocation] of current) {
      if (!this.#revoked.has(text)) this.#options.planes.revoke(revocation);
    }
    this.#revoked = new Set(current.keys());
  }
}

/** @throws EntragateError `snapshot-invalid` */
function build(
  state: ClusterState,
  options: TranslateOptions,
  previous: Translated | null,
): Omit<Translated, 'denied'> {
  const translation =
    previous === null ? translate(state, options) : retranslate(previous.translation, previous.state, state, options);
  const { snapshot } = translation;
  const problems =
    previous === null ? validateSnapshot(snapshot) : validateChange(previous.translation.snapshot, snapshot);
  if (problems.length > 0) throw new EntragateError('snapshot-invalid', problems.slice(0, 10).join('; '));
  return { state, options, translation };
}
