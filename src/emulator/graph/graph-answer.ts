import { randomUUID } from 'node:crypto';
import type { EmulatorContext } from '../emulator-context.ts';
import { type EmulatorRequest, type EmulatorResponse, json } from '../http-exchange.ts';

/** A refusal of Graph: `code` is what clients branch on. */
interface GraphRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a Graph call comes to; the endpoint turns it into HTTP. */
export type GraphResult =
  | { readonly kind: 'ok'; readonly body: object }
  | { readonly kind: 'refused'; readonly refusal: GraphRefusal };

export const ok = (body: object): GraphResult => ({ kind: 'ok', body });

export const refused = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): GraphResult => ({ kind: 'refused', refusal: { status, code, message, headers } });

export const notFound = (id: string): GraphResult =>
  refused(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const forbidden = (): GraphResult =>
  refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');

export const badRequest = (message: string): GraphResult => refused(400, 'Request_BadRequest', message);

/** The answer with `request-id`, the caller's `client-request-id`, and the error body as Graph writes it. */
export function graphResponse(context: EmulatorContext, http: EmulatorRequest, result: GraphResult): EmulatorResponse {
  const requestId = randomUUID();
  const named = http.headers['client-request-id'];
  const clientRequestId = typeof named === 'string' ? named : requestId;
  const headers = { 'cache-control': 'no-cache', 'request-id': requestId, 'client-request-id': clientRequestId };
  if (result.kind === 'ok') return json(200, result.body, headers);
  const { status, code, message, headers: own } = result.refusal;
  const date = new Date(context.now()).toISOString().slice(0, 19);
  const ids = { date, 'request-id': requestId, 'client-request-id': clientRequestId };
  const innerError = status === 429 ? { code: '429', message: 'Please retry after', status: '429', ...ids } : ids;
  return json(status, { error: { code, message, innerError } }, { ...headers, ...own });
}
