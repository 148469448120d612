import { isRecord } from '../../../src/api/normalize.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { evil, foreignWords } from './foreign.ts';

/** Something that the attacker can read, about an object of its own. */
export interface VisibleText {
  /** Of the object. */
  readonly name: string;
  readonly text: string;
  /** What the attacker has written in that object by now; empty in an Event, beside which the object stands. */
  readonly written: string;
}

/** Events and statuses in the attacker's namespaces, read with the attacker's token. */
export async function visibleTexts(attacker: ApiRequests): Promise<readonly VisibleText[]> {
  const texts: VisibleText[] = [];
  for (const namespace of evil.namespaces) {
    for (const item of await list(attacker, `/apis/events.k8s.io/v1/namespaces/${namespace}/events`)) {
      const about = isRecord(item.regarding) ? String(item.regarding.name) : '';
      texts.push({ name: about, text: `${item.reason}: ${item.note}`, written: '' });
    }
    for (const kind of [
      'networking.k8s.io/v1/namespaces/NS/ingresses',
      'entragate.dev/v1alpha1/namespaces/NS/policies',
    ]) {
      for (const { metadata, spec, status } of await list(attacker, `/apis/${kind.replace('NS', namespace)}`)) {
        const name = isRecord(metadata) ? String(metadata.name) : '';
        texts.push({ name, text: JSON.stringify(status ?? {}), written: JSON.stringify(spec) });
      }
    }
  }
  return texts;
}

async function list(attacker: ApiRequests, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { body, status } = await attacker.send('GET', path);
  if (status !== 200 || !isRecord(body) || !Array.isArray(body.items)) throw new Error(`${path} answers ${status}`);
  return body.items.filter(isRecord);
}

/** Words about objects of others that stand in a text, and that the attacker did not write. */
export function foreignWordsIn(text: string, written: string): readonly string[] {
  return foreignWords.filter((word) => text.includes(word) && !written.includes(word));
}
