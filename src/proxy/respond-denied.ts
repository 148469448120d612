import type { Verdict } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import type { CanonicalRequest } from './reading/canonical-request.ts';
import { respondPage, respondProblemDocument } from './respond.ts';

type Denied = Extract<Verdict, { readonly kind: 'deny' }>;

/** 403: says what decided, about whom, and how old the facts are. */
export function respondDenied(exchange: Exchange, request: CanonicalRequest, verdict: Denied): void {
  const { detail, policy, reason, remedy, rule, session } = verdict;
  if (!request.wantsHtml) {
    respondProblemDocument(exchange, 403, { title: 'Access denied', detail, remedy, policy, rule, code: reason }, []);
    return;
  }
  const user = session === null ? NOBODY : { kind: 'user' as const, name: session.name, oid: session.oid };
  const factsAgeSeconds = session === null ? null : Math.max(0, exchange.now / 1000 - session.checkedAt);
  const page = {
    kind: 'denied',
    host: request.host,
    policy,
    rule,
    reason,
    detail,
    remedy,
    user,
    factsAgeSeconds,
  } as const;
  respondPage(exchange, 403, { ...page, whoAmI: '/.entragate/' }, []);
}

const NOBODY = { kind: 'nobody' } as const;
