import type { ApiRequests } from './api-requests.ts';

/** An Event (events.k8s.io/v1), as far as the tests read it. */
export interface ReadEvent {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly eventTime: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly reportingController: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
}

/** The Events of a namespace that a release wrote: an API server tells of a Service that it repairs, whenever that happens to be. */
export async function readEvents(as: ApiRequests, namespace: string): Promise<readonly ReadEvent[]> {
  const body = await as.expect(200, as.send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`));
  const { items } = body as { readonly items: readonly ReadEvent[] };
  return items.filter(({ reportingController }) => reportingController.startsWith('entragate.dev/'));
}

/** Those about objects of one name. */
export async function readEventsOn(as: ApiRequests, namespace: string, name: string): Promise<readonly ReadEvent[]> {
  return (await readEvents(as, namespace)).filter(({ regarding }) => regarding.name === name);
}
