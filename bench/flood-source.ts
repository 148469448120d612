import { setPriority } from 'node:os';
import { PreparedConnection } from './prepared-connection.ts';
import type { FloodSettings } from './settings.ts';

/** Sends one request on many connections, each as fast as it is answered, until it is told to stop. */
const { port, connections, request } = JSON.parse(process.argv[2] ?? '') as FloodSettings;

setPriority(19); // it shares its processor with the members, who must not wait for it there
let answered = 0;
process.on('message', () => process.send?.(answered));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
const opened = await Promise.all(Array.from({ length: connections }, () => PreparedConnection.open(port, request)));
process.send?.({});
await Promise.all(opened.map(flood));

async function flood(connection: PreparedConnection): Promise<never> {
  for (;;) {
    await connection.exchange();
    answered += 1;
  }
}
