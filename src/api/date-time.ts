/**
 * RFC 3339 §5.6, as API servers take it where a CEL rule reads the object (`time.Parse` of Go): any number of digits after a dot or a comma, offsets
 * past those of any clock.
 */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(?:[.,](\d+))?(?:Z|([-+])(\d{2}):(\d{2}))$/i;

/** Seconds since the epoch of a time in an object, a fraction rounded up: what it revokes must not become less. Null when it is none. */
export function secondsOfDateTime(text: string): number | null {
  const parts = DATE_TIME.exec(text);
  if (parts === null) return null;
  const [, date = '', hour = '', rest = '', fraction = '', sign = '+', hours = '0', minutes = '0'] = parts;
  const whole = new Date(`${date}T${hour}${rest}Z`);
  // Else it is a day that its month does not have, such as 30 February, which Date takes for one of March.
  if (Number.isNaN(whole.getTime()) || !whole.toISOString().startsWith(date)) return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  return whole.getTime() / 1000 - offset + (/[1-9]/.test(fraction) ? 1 : 0);
}
