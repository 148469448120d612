import type { OwnRequest } from '../identity/own-endpoint.ts';
import type { Exchange } from './exchange.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { failInternally, respondOwn, respondProblem } from './respond.ts';

/** Our forms have two short fields. */
const MOST_FORM_BYTES = 8192;

/** Answers one of our own paths. They are never forwarded, whatever the answer is. */
export function answerOwnEndpoint(exchange: Exchange, request: CanonicalRequest): void {
  if (request.method !== 'POST' || !request.hasBody) {
    answerWithForm(exchange, request, '');
    return;
  }
  if (request.contentLength !== null && request.contentLength > MOST_FORM_BYTES) {
    refuseForm(exchange);
    return;
  }
  if (request.expectsContinue) exchange.outgoing.writeContinue();
  readForm(exchange, request);
}

function readForm(exchange: Exchange, request: CanonicalRequest): void {
  const { incoming, plane } = exchange;
  const form = Buffer.allocUnsafeSlow(MOST_FORM_BYTES); // not a list of pieces, which may be of one byte each
  let bytes = 0;
  const timer = setTimeout(() => {
    stop();
    exchange.closesConnection = true;
    respondProblem(exchange, 'request-timeout', '');
  }, plane.options.limits.bodyIdleMs);
  const onData = (chunk: Buffer) => {
    if (chunk.length > form.length - bytes) {
      stop();
      refuseForm(exchange);
      return;
    }
    bytes += chunk.copy(form, bytes);
  };
  const onEnd = () => {
    stop();
    answerWithForm(exchange, request, form.toString('utf8', 0, bytes));
  };
  const stop = () => {
    clearTimeout(timer);
    incoming.off('data', onData).off('end', onEnd);
  };
  exchange.onAbandoned = stop;
  incoming.on('data', onData).on('end', onEnd);
}

function refuseForm(exchange: Exchange): void {
  exchange.closesConnection = true;
  respondProblem(exchange, 'content-too-large', '');
}

function answerWithForm(exchange: Exchange, request: CanonicalRequest, form: string): void {
  const { now, plane, requestId } = exchange;
  const { host, method, path, cookies, origin, isNavigation } = request;
  const query = request.query.slice(1); // without its `?`
  const own: OwnRequest = { host, method, path, query, cookies, origin, isNavigation, form, now, requestId };
  plane.options.identity
    .answer(own)
    .then((response) => respondOwn(exchange, response))
    .catch((error: unknown) => failInternally(exchange, error));
}
