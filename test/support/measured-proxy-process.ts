import { startProxy } from './proxy-harness.ts';
import type { Report } from './reporting-process.ts';

/** A data plane that watches its own memory. Arguments: a host, whose only route is public, and the port of its upstream. */
const [host = '', upstreamPort] = process.argv.slice(2);

const proxy = await startProxy({
  spec: {
    hosts: [{ name: host, routes: [{ access: 'public', service: 'app' }] }],
    services: { app: [Number(upstreamPort)] },
  },
  trustedProxies: ['127.0.0.1'],
});
const atStart = process.memoryUsage.rss();
let peak = atStart;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 10);
process.on('message', () => report(peak - atStart));
process.on('disconnect', () => process.exit());
report(proxy.httpPort);

function report(value: number): void {
  process.send?.({ value } satisfies Report);
}
