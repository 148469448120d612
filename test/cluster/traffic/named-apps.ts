import type { Mappings } from '../../../src/processes/mapped-services.ts';
import { fieldValues } from '../../support/http-message.ts';
import { type Answer, type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';

/** Time between two events of an event stream (ms). */
const TICK_MS = 50;

/** An app that says its name, and records every byte that reaches it. */
export interface NamedApp {
  readonly name: string;
  /** Documentation address of its endpoint. */
  readonly address: string;
  readonly upstream: RecordingUpstream;
}

/** Apps by name. */
export interface NamedApps {
  readonly get: (name: string) => NamedApp;
  /** Where their addresses really are. */
  readonly mappings: Mappings;
  readonly close: () => Promise<void>;
}

/** Starts at most 250 apps. `/events` of each is an endless event stream, and every upgrade becomes an echo. */
export async function startNamedApps(names: readonly string[]): Promise<NamedApps> {
  const apps = new Map<string, NamedApp>();
  for (const [index, name] of names.entries()) {
    const upstream = await startRecordingUpstream(answerOf(name));
    apps.set(name, { name, address: `192.0.2.${index + 1}`, upstream });
  }
  return {
    get: (name) => {
      const app = apps.get(name);
      if (app === undefined) throw new Error(`there is no app ${name}`);
      return app;
    },
    mappings: [...apps.values()].map(({ address, upstream }) => [address, { host: '127.0.0.1', port: upstream.port }]),
    close: async () => {
      for (const { upstream } of apps.values()) await upstream.close();
    },
  };
}

function answerOf(name: string): Answer {
  return (request, socket) => {
    if (fieldValues(request, 'upgrade').length > 0) {
      socket.removeAllListeners('data');
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
      return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    }
    if (/^GET \/events[ ?]/.test(request.startLine)) {
      let count = 0;
      const timer = setInterval(() => {
        const event = `data: ${count++}\n\n`;
        socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      }, TICK_MS);
      socket.once('close', () => clearInterval(timer));
      return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
    }
    return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  };
}
