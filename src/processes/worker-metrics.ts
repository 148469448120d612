import { addCounters, type MetricSet, withoutOtherRoutes } from '../telemetry/metrics.ts';

/**
 * What all workers counted. Nothing of it goes down when a worker dies, or does not answer in time: a scraper takes a counter that does for one
 * that began anew, and all that the others had counted for requests of this moment.
 */
export class WorkerMetrics {
  /** As each worker last said it. */
  readonly #last = new Map<number, MetricSet>();
  #ofEnded: MetricSet = [];

  /** @param worker its id in this pool */
  take(worker: number, metrics: MetricSet): void {
    this.#last.set(worker, metrics);
  }

  /** Keeps the counters of a worker that has ended. */
  end(worker: number): void {
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    this.#ofEnded = addCounters(this.#ofEnded, last);
  }

  /** @param routes ids of the routes that there are: what workers that have ended counted of others is forgotten */
  sets(routes: ReadonlySet<string>): readonly MetricSet[] {
    this.#ofEnded = withoutOtherRoutes(this.#ofEnded, routes);
    return [this.#ofEnded, ...this.#last.values()];
  }
}
