import { startReporting } from './reporting-process.ts';

/** A data plane in a process of its own, so that the memory it takes is that of nobody else. */
export interface MeasuredProxy {
  /** Its plain listener; loopback is trusted to say `X-Forwarded-Proto: https`. */
  readonly httpPort: number;
  /** Bytes of resident memory at the highest, beyond what it took at its start. */
  mostMemory(): Promise<number>;
  close(): Promise<void>;
}

/** Starts the process. It serves `host` from an upstream on loopback to everybody. */
export async function startMeasuredProxy(host: string, upstreamPort: number): Promise<MeasuredProxy> {
  const proxy = await startReporting('./measured-proxy-process.ts', [host, String(upstreamPort)]);
  return { httpPort: proxy.ready, mostMemory: () => proxy.order({}), close: proxy.close };
}
