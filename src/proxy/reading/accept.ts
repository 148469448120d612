/** `text/html` among the media ranges of an `Accept` field (RFC 9110 §12.5.1), not refused by a weight of 0. Wildcards do not count: every API client sends them. */
export function acceptsHtml(accept: string): boolean {
  if (accept.startsWith('text/html,')) return true;
  if (!mentionsHtml.test(accept)) return false;
  return accept
    .toLowerCase()
    .split(',')
    .some((range) => {
      const [type, ...parameters] = range.split(';');
      return type?.trim() === 'text/html' && !parameters.some((parameter) => isZeroWeight(parameter.trim()));
    });
}

/** Most clients that are no browsers do not. */
const mentionsHtml = /text\/html/i;

function isZeroWeight(parameter: string): boolean {
  return parameter.startsWith('q=') && Number(parameter.slice(2)) === 0;
}
