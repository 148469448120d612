import type { FieldReading } from './read-fields.ts';

/**
 * Whether a person is loading a page, so that a redirect to sign-in gets somewhere. By Fetch metadata where the client sends any
 * (W3C Fetch Metadata §2): mode `navigate`, dest `document` or `empty`, no `Sec-Purpose` (a prefetch starts no sign-in); else by `Accept`.
 */
export function isNavigation(method: string, reading: FieldReading): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (reading.hasFetchMetadata) return isTopLevelLoad(reading);
  return reading.wantsHtml && reading.origin === null && !reading.hasRequestedWith && !reading.hasPurpose;
}

/** Whether a page is posting a form at top level: a redirect to sign-in would lose what the person wrote. */
export function isFormPost(method: string, reading: FieldReading): boolean {
  if (method !== 'POST') return false;
  if (reading.hasFetchMetadata) return isTopLevelLoad(reading);
  return reading.wantsHtml && !reading.hasRequestedWith && isFormType(reading.contentType);
}

/**
 * Dest `empty` beside mode `navigate` is a page load that a service worker passed on by `fetch(event.request)`, as Chromium
 * sends it: no script can make a request of that mode by itself (Fetch §5.4), and redirects go back to the browser unread. A frame
 * that comes this way looks the same; it gets no further than the host that runs sign-in, which sees `iframe` again.
 */
function isTopLevelLoad({ fetchMode, fetchDest, hasPurpose }: FieldReading): boolean {
  return fetchMode === 'navigate' && (fetchDest === 'document' || fetchDest === 'empty') && !hasPurpose;
}

/** The encodings of an HTML form (HTML standard §4.10.21.6). */
function isFormType(contentType: string): boolean {
  return (
    contentType.startsWith('application/x-www-form-urlencoded') ||
    contentType.startsWith('multipart/form-data') ||
    contentType.startsWith('text/plain')
  );
}
