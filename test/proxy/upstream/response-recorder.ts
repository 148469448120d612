import { ResponseDecoder, type ResponseSink } from '../../../src/proxy/upstream/http1/response-decoder.ts';

/** What a decoder made of some bytes. */
export interface Recording {
  readonly state: string;
  readonly interim: readonly number[];
  readonly status: number | null;
  readonly fields: readonly string[];
  readonly body: string;
  /** Bytes that it left. */
  readonly rest: number;
  /** The connection may carry another request. */
  readonly isReusable: boolean;
}

export interface RecordingOptions {
  readonly isToHead?: boolean;
  readonly upgrade?: string | null;
  /** The upstream closes behind the bytes. */
  readonly ends?: boolean;
  /** Asks for a pause at every piece of the body, and goes on at once. */
  readonly pauses?: boolean;
}

/** Gives `text` (one character for each byte) to a fresh decoder, cut at the given positions. */
export function record(text: string, cuts: readonly number[], options: RecordingOptions = {}): Recording {
  const { ends = true, isToHead = false, pauses = false, upgrade = null } = options;
  const interim: number[] = [];
  let status: number | null = null;
  let fields: readonly string[] = [];
  let body = '';
  const sink: ResponseSink = {
    onInformation: (code) => void interim.push(code),
    onHead: (code, list) => {
      status = code;
      fields = list;
    },
    onBody: (bytes) => {
      body += bytes.toString('latin1');
      return !pauses;
    },
  };
  const decoder = new ResponseDecoder(sink);
  decoder.begin({ isToHead, upgrade });
  const bytes = Buffer.from(text, 'latin1');
  const positions = [...cuts, bytes.length].sort((one, other) => one - other);
  let at = 0;
  for (const to of positions) {
    while (at < to && (decoder.state === 'head' || decoder.state === 'body')) at = decoder.read(bytes, at, to);
  }
  if (ends) decoder.end();
  return {
    state: decoder.state,
    interim,
    status,
    fields,
    body,
    rest: bytes.length - at,
    isReusable: decoder.isReusable,
  };
}
