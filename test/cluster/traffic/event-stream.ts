import { openRawClient } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { type ClientOptions, requestHead } from './keep-alive-client.ts';

/** An event stream of a named app, under way. */
export interface EventStream {
  /** Events so far; fails when one is missing among them. */
  readonly count: () => number;
  readonly isOpen: () => boolean;
  readonly close: () => void;
}

/** Opens `/events`, and waits for the first event. */
export async function openEventStream(options: ClientOptions, cookie: string): Promise<EventStream> {
  const client = await openRawClient({ port: options.port, tls: { ca: options.ca, servername: options.host } });
  client.write(requestHead(options.host, '/events', cookie === '' ? {} : { Cookie: cookie }));
  let isOpen = true;
  client.socket.once('close', () => {
    isOpen = false;
  });
  const count = () => {
    const events = [
      ...client
        .unread()
        .toString('latin1')
        .matchAll(/^data: (\d+)$/gm),
    ].map(([, number]) => Number(number));
    const missing = events.findIndex((number, index) => number !== index);
    if (missing !== -1) throw new Error(`event ${missing} of a stream is missing`);
    return events.length;
  };
  await until(() => count() > 0);
  return { count, isOpen: () => isOpen, close: client.destroy };
}
