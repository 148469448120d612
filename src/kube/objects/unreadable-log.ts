import { describeRef, type Kind, objectKey } from '../../api/cluster-state.ts';
import type { Log } from '../../telemetry/logger.ts';
import type { ObjectEvent } from './follow-watch.ts';
import type { ReadObject } from './read-object.ts';

/** Objects of one list that are named: a tenant may have thousands. */
const MOST_NAMED = 100;

/** Says of the objects of one collection that can not be read what is wrong with them: each once, and again when something else is. */
export class UnreadableLog {
  readonly #kind: Kind;
  readonly #log: Log;
  /** What was said, by object. */
  #told = new Map<string, string>();

  constructor(kind: Kind, log: Log) {
    this.#kind = kind;
    this.#log = log;
  }

  /** Everything there is. */
  listed(objects: readonly ReadObject[]): void {
    const before = this.#told;
    this.#told = new Map(objects.flatMap(({ ref, content }) => (content.ok ? [] : [[keyOf(ref), content.reason]])));
    const untold = objects.filter(({ ref, content }) => !content.ok && before.get(keyOf(ref)) !== content.reason);
    for (const object of untold.slice(0, MOST_NAMED)) this.#tell(object);
    const rest = untold.length - MOST_NAMED;
    if (rest <= 0) return;
    const kind = this.#kind;
    this.#log.warn({ kind }, `${rest} further ${kind} objects can not be read: entragate check --cluster names them`);
  }

  event({ type, object }: ObjectEvent): void {
    const { ref, content } = object;
    const key = keyOf(ref);
    if (type === 'deleted' || content.ok) {
      this.#told.delete(key);
      return;
    }
    if (this.#told.get(key) === content.reason) return;
    this.#told.set(key, content.reason);
    this.#tell(object);
  }

  #tell({ ref, content }: ReadObject): void {
    if (content.ok) return;
    const { kind, namespace, name } = ref;
    const message = `${describeRef(ref)} can not be read, and what needs it is denied or not served: ${content.reason}`;
    this.#log.warn({ kind, namespace, name }, message);
  }
}

function keyOf({ namespace, name }: ReadObject['ref']): string {
  return objectKey(namespace, name);
}
