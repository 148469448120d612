import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BulkOrder, BulkReport } from './bulk-peer-process.ts';

/** An upstream and a client of large bodies in a process of their own, so that memory is measured of the proxy alone. */
export interface BulkPeer {
  /** Port of an upstream: GET answers `mebibytes`, any other method answers the number of bytes that it got. */
  readonly port: number;
  /** Downloads from a listener. @returns bytes received */
  download(listener: BulkTarget): Promise<number>;
  /** Uploads to a listener. @returns bytes that the upstream counted */
  upload(listener: BulkTarget): Promise<number>;
  close(): Promise<void>;
}

export interface BulkTarget {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Starts the process. @param mebibytes size of each body */
export async function startBulkPeer(mebibytes: number): Promise<BulkPeer> {
  const script = fileURLToPath(new URL('./bulk-peer-process.ts', import.meta.url));
  const child = fork(script, [String(mebibytes)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const next = async (): Promise<number> => {
    const [report] = (await once(child, 'message')) as [BulkReport];
    return report.value;
  };
  const order = (what: BulkOrder): Promise<number> => {
    const answer = next();
    child.send(what);
    return answer;
  };
  const port = await next();
  return {
    port,
    download: (target) => order({ kind: 'download', ...target }),
    upload: (target) => order({ kind: 'upload', ...target }),
    close: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
