import { NO_ROUTE } from '../telemetry/metrics.ts';
import type { Exchange } from './exchange.ts';

const INFO = 30;

/**
 * Writes the access line of a finished request. It is built by hand, since a serialiser would cost more than everything else
 * that is said about a request: pino's JSON, one object a line. The query, cookies and all other fields stay out of it.
 *
 * @param status as sent; 0: the connection ended before there was one
 * @param isComplete whether the client took the whole answer
 */
export function writeAccessLine(exchange: Exchange, status: number, isComplete: boolean): void {
  const { connection, outcome, plane, request, route, verdict } = exchange;
  const total = performance.now() - exchange.start;
  const upstream = upstreamMs(exchange);
  plane.options.metrics.request({
    route: route?.route.id ?? NO_ROUTE,
    status,
    decision: outcome.decision,
    totalMs: total,
    upstreamMs: upstream,
  });
  const isDecided = verdict.reason !== 'no-decision';
  plane.options.log.writeLine(
    `{"level":${INFO},"time":${exchange.now},"msg":"access","route":${route?.idAsJson ?? '"-"'}` +
      `,"host":${text(request?.host)},"method":${text(request?.method ?? exchange.incoming.method)}` +
      `,"path":${text(request?.path)},"status":${status},"decision":"${outcome.decision}"` +
      (isDecided
        ? `,"policy":${text(verdict.policy)},"rule":${text(verdict.rule)},"reason":${text(verdict.reason)}`
        : '') +
      (verdict.audit.length === 0 ? '' : `,"audit":${JSON.stringify(verdict.audit)}`) +
      (outcome.code === '' ? '' : `,"code":${text(outcome.code)}`) +
      (outcome.detail === '' ? '' : `,"detail":${text(outcome.detail)}`) +
      `,"oid":"${verdict.session?.oid ?? outcome.oid}"` +
      (verdict.session === null ? '' : `,"lid":"${verdict.session.lid}"`) +
      `,"ms":${rounded(total)}` +
      (upstream === null ? '' : `,"upstreamMs":${rounded(upstream)}`) +
      `,"bytes":${outcome.bytes}${isComplete ? '' : ',"aborted":true'}` +
      `,"requestId":${text(exchange.requestId)},"client":${text(request?.sourceIp)}` +
      `,"peer":${text(connection.peerAddress)}}`,
  );
}

function upstreamMs({ outcome }: Exchange): number | null {
  if (outcome.upstreamStart === 0) return null;
  return (outcome.upstreamEnd === 0 ? performance.now() : outcome.upstreamEnd) - outcome.upstreamStart;
}

function text(value: string | null | undefined): string {
  return value === null || value === undefined ? '""' : JSON.stringify(value);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
