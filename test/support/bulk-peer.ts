import type { BulkOrder } from './bulk-peer-process.ts';
import { startReporting } from './reporting-process.ts';

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
  const peer = await startReporting('./bulk-peer-process.ts', [String(mebibytes)]);
  const order = (what: BulkOrder) => peer.order(what);
  return {
    port: peer.ready,
    download: (target) => order({ kind: 'download', ...target }),
    upload: (target) => order({ kind: 'upload', ...target }),
    close: peer.close,
  };
}
