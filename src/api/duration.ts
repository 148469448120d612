const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/**
 * Seconds of a duration as the CRDs accept it: whole hours, minutes and seconds in Go's notation, such as `90m` or `1h30m`.
 * @returns `null` when the text is anything else
 */
export function parseDuration(text: string): number | null {
  if (!/^(?:[0-9]{1,6}[hms])+$/.test(text) || text.length > 16) return null;
  return text
    .matchAll(/([0-9]+)([hms])/g)
    .reduce((sum, [, amount = '0', unit = 's']) => sum + Number(amount) * (UNIT_SECONDS[unit] ?? 0), 0);
}
