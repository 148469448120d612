import type { FieldReading } from './read-fields.ts';

/**
 * Whether a person is loading a page, so that a redirect to sign-in gets somewhere. By Fetch metadata where the client sends any
 * (W3C Fetch Metadata §2): mode `navigate`, dest `document`, no `Sec-Purpose` (a prefetch starts no sign-in); else by `Accept`.
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

function isTopLevelLoad(reading: FieldReading): boolean {
  return reading.fetchMode === 'navigate' && reading.fetchDest === 'document' && !reading.hasPurpose;
}

/** The encodings of an HTML form (HTML standard §4.10.21.6). */
function isFormType(contentType: string): boolean {
  return (
    contentType.startsWith('application/x-www-form-urlencoded') ||
    contentType.startsWith('multipart/form-data') ||
    contentType.startsWith('text/plain')
  );
}
