import type { Reading } from '../policy-error.ts';

const secondsOf: ReadonlyMap<string, number> = new Map([
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]);

/**
 * Reads a duration in Go's notation, of whole hours, minutes and seconds: `1h`, `30m`, `1h30m`.
 *
 * @returns seconds, from `least` to `most`
 */
export function parseDuration(text: string, least: number, most: number): Reading<number> {
  const hint = 'Write a duration such as 30m, 1h or 1h30m.';
  if (text.length > 16 || !/^([0-9]{1,6}[hms])+$/.test(text)) {
    return { ok: false, message: 'is not a duration', hint };
  }
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)([hms])/g)) {
    seconds += Number(amount) * (secondsOf.get(unit ?? '') ?? Number.NaN);
  }
  if (seconds < least) return { ok: false, message: `is shorter than ${least} s`, hint };
  if (seconds > most) return { ok: false, message: `is longer than ${most / 3600} h`, hint };
  return { ok: true, value: seconds };
}
