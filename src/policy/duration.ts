import type { Reading } from './policy-error.ts';

const secondsOf: ReadonlyMap<string, number> = new Map([
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]);

/**
 * Reads a duration as Go writes it, in hours, minutes and seconds: `1h`, `30m`, `1h30m`, `1.5h`.
 *
 * @returns whole seconds, within `least` and `most` seconds
 */
export function parseDuration(text: string, least: number, most: number): Reading<number> {
  const hint = 'Write a duration such as 30m, 1h or 1h30m.';
  if (text.length > 32 || !/^([0-9]+(\.[0-9]+)?[hms])+$/.test(text)) {
    return { ok: false, message: 'is not a duration', hint };
  }
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)([hms])/g)) {
    seconds += Number(amount) * (secondsOf.get(unit ?? '') ?? Number.NaN);
  }
  if (!Number.isInteger(seconds)) return { ok: false, message: 'is not a whole number of seconds', hint };
  if (seconds < least) return { ok: false, message: `is shorter than ${least} s`, hint };
  if (seconds > most) return { ok: false, message: `is longer than ${most / 3600} h`, hint };
  return { ok: true, value: seconds };
}
