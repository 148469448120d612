import { kinds } from '../../../src/api/kinds.ts';
import { isRecord } from '../../../src/api/normalize.ts';
import { collectionPath } from '../../../src/kube/api-server/watched-kinds.ts';
import { outcomeOf } from '../chart/admission.ts';
import type { ApiAnswer, ApiRequests } from '../kube/api-requests.ts';
import type { TestObject } from '../kube/objects.ts';

/** An object, and the collection that it is written to, whatever it says of itself. */
export interface Write {
  readonly collection: string;
  readonly object: TestObject;
}

/** What became of something that the attacker wrote. */
export type Outcome =
  /** The attacker's Role does not let it. */
  | 'forbidden'
  /** No such object, whoever writes it. */
  | 'invalid'
  /** An admission policy of the chart refused it. */
  | 'refused'
  /** Taken: what it does is up to the controller. */
  | 'accepted';

/** How a tenant creates an object. @throws Error where the product reads no such kind */
export function writeOf(object: TestObject): Write {
  const info = kinds.find(({ kind }) => kind === object.kind);
  if (info === undefined) throw new Error(`the product reads no ${object.kind}`);
  return { collection: collectionPath(info, info.isNamespaced ? (object.metadata.namespace ?? '') : null), object };
}

/** What an answer of the API server to a write means. */
export function readOutcome(answer: ApiAnswer): Outcome {
  const message = isRecord(answer.body) ? String(answer.body.message) : '';
  if (answer.status === 403 && /cannot [a-z]+ resource/.test(message)) return 'forbidden';
  return outcomeOf(answer).kind;
}

/** Creates objects in turn, as the attacker. The outcome is that of the first: the others show what it does. */
export async function create(attacker: ApiRequests, writes: readonly Write[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const { collection, object } of writes) {
    outcomes.push(readOutcome(await attacker.send('POST', collection, object)));
  }
  return outcomes[0] ?? 'invalid';
}
