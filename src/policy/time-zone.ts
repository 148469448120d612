/** Local time of one IANA zone. */
export interface ZoneClock {
  /** Milliseconds since 1970-01-01T00:00 *on the zone's wall clock* at the instant `now` (ms since the epoch). */
  localTime(now: number): number;
}

/** Zone names of the IANA database. Offsets such as `+01:00` are none, and know no daylight saving. */
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(\/[A-Za-z0-9_+-]{1,31}){0,2}$/;
const minute = 60_000;

/** Zones by the names they were found by, in lower case: there are some hundred, and looking for one takes 0.1 ms. */
const zones = new Map<string, string>();

/** Reads the name of an IANA time zone; null when this Node.js knows none of that name. */
export function parseTimeZone(text: string): string | null {
  if (!zoneName.test(text)) return null;
  const name = text.toLowerCase();
  const zone = zones.get(name) ?? findZone(name);
  if (zone !== null) zones.set(name, zone);
  return zone;
}

function findZone(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** One for each zone: each is 45 kB, and a policy may name a zone ten thousand times. */
const clocks = new Map<string, ZoneClock>();

/** The clock of a zone, which remembers the offset of the current minute: zones change their offset on whole minutes. */
export function zoneClock(timeZone: string): ZoneClock {
  const known = clocks.get(timeZone) ?? createClock(timeZone);
  clocks.set(timeZone, known);
  return known;
}

function createClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  let knownMinute = Number.NaN;
  let offset = 0;
  return {
    localTime(now) {
      const currentMinute = Math.floor(now / minute);
      if (currentMinute !== knownMinute) {
        offset = wallClock(format, currentMinute * minute) - currentMinute * minute;
        knownMinute = currentMinute;
      }
      return now + offset;
    },
  };
}

function wallClock(format: Intl.DateTimeFormat, instant: number): number {
  const fields = new Map(format.formatToParts(instant).map((part) => [part.type, Number(part.value)]));
  const field = (name: Intl.DateTimeFormatPartTypes) => fields.get(name) ?? Number.NaN;
  return Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second'));
}

/**
 * The instant at which the zone's wall clock shows `local` (see {@link ZoneClock.localTime}). Where clocks were put
 * forward and no such instant exists, one hour off; where they were put back and two exist, one of them.
 */
export function instantOf(local: number, timeZone: string): number {
  const clock = zoneClock(timeZone);
  const guess = local - (clock.localTime(local) - local);
  return local - (clock.localTime(guess) - guess);
}
