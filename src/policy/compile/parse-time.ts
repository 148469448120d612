import type { Criterion } from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail, type Reading } from '../policy-error.ts';
import { instantOf, parseTimeZone } from '../time-zone.ts';
import { findOperator } from './parse-text-tests.ts';
import { isMap, quote } from './untrusted-value.ts';

type DateCriterion = Extract<Criterion, { kind: 'date' }>;
type DayCriterion = Extract<Criterion, { kind: 'day_of_week' }>;
type TimeCriterion = Extract<Criterion, { kind: 'time_of_day' }>;

const minute = 60_000;
const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const isoDate =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?$/;
const clockTime = /^(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(?:\s?([AaPp][Mm]))?$/;
const dateHint = 'Write ISO 8601, such as 2026-11-23T09:00:00+01:00.';
const timeHint = 'Write a time such as 09:00, 17:30:00 or 5:30 PM, in quotes.';

/** Reads `date: {after, before, timezone}`: `after` inclusive, `before` exclusive; local times are UTC without a zone. */
export function parseDate(value: unknown, path: string, sink: ErrorSink): DateCriterion | null {
  const fields = readWindow(value, 'the date', path, sink);
  if (fields === null) return null;
  const timeZone = fields.timezone === undefined ? 'UTC' : readZone(fields.timezone, `${path}.timezone`, sink);
  if (timeZone === null) return null;
  const read = (text: unknown) => readInstant(text, timeZone);
  const limits = readLimits(fields, read, path, sink);
  return limits === null ? null : { kind: 'date', ...limits };
}

/** Reads `time_of_day: {timezone, after, before}`: a window within one day of that zone, `after` inclusive, `before` exclusive. */
export function parseTimeOfDay(value: unknown, path: string, sink: ErrorSink): TimeCriterion | null {
  const fields = readWindow(value, 'the time of day', path, sink);
  if (fields === null) return null;
  const timeZone = readZone(fields.timezone, `${path}.timezone`, sink);
  const limits = readLimits(fields, readTime, path, sink);
  return timeZone === null || limits === null ? null : { kind: 'time_of_day', ...limits, timeZone };
}

/** Reads `day_of_week: mon-fri` (in UTC) or `day_of_week: {is: mon-fri, timezone: Europe/Berlin}`. */
export function parseDayOfWeek(value: unknown, path: string, sink: ErrorSink): DayCriterion | null {
  if (!isMap(value)) {
    const list = readDays(value, path, sink);
    return list === null ? null : { kind: 'day_of_week', days: list, timeZone: 'UTC' };
  }
  for (const name of Object.keys(value)) {
    if (findOperator(name, ['is', 'timezone'], 'the day of the week', path, sink) === null) return null;
  }
  const list = readDays(value.is, `${path}.is`, sink);
  const timeZone = value.timezone === undefined ? 'UTC' : readZone(value.timezone, `${path}.timezone`, sink);
  return list === null || timeZone === null ? null : { kind: 'day_of_week', days: list, timeZone };
}

function readWindow(
  value: unknown,
  subject: string,
  path: string,
  sink: ErrorSink,
): Readonly<Record<string, unknown>> | null {
  if (!isMap(value)) return fail(sink, path, `${quote(value)} is not a window`, 'Write {after: …, before: …}.');
  for (const name of Object.keys(value)) {
    if (findOperator(name, ['after', 'before', 'timezone'], subject, path, sink) === null) return null;
  }
  if (value.after === undefined && value.before === undefined) {
    return fail(sink, path, 'has neither after nor before', 'Write at least one of them.');
  }
  return value;
}

function readLimits(
  fields: Readonly<Record<string, unknown>>,
  read: (value: unknown) => Reading<number>,
  path: string,
  sink: ErrorSink,
): { readonly after: number | null; readonly before: number | null } | null {
  const limit = (name: 'after' | 'before'): Reading<number | null> =>
    fields[name] === undefined ? { ok: true, value: null } : read(fields[name]);
  const after = limit('after');
  const before = limit('before');
  if (!after.ok) fail(sink, `${path}.after`, `${quote(fields.after)} ${after.message}`, after.hint);
  if (!before.ok) fail(sink, `${path}.before`, `${quote(fields.before)} ${before.message}`, before.hint);
  if (!after.ok || !before.ok) return null;
  if (after.value !== null && before.value !== null && after.value >= before.value) {
    const hint = 'For a window around midnight, write two criteria under `or`: one with after, one with before.';
    return fail(sink, path, 'ends before it begins, so that it never matches', hint);
  }
  return { after: after.value, before: before.value };
}

function readZone(value: unknown, path: string, sink: ErrorSink): string | null {
  const zone = typeof value === 'string' ? parseTimeZone(value) : null;
  if (zone !== null) return zone;
  const message = value === undefined ? 'is missing' : `${quote(value)} is not a time zone`;
  return fail(sink, path, message, 'Write an IANA name such as Europe/Berlin or UTC.');
}

function readInstant(value: unknown, timeZone: string): Reading<number> {
  const parts = typeof value === 'string' ? isoDate.exec(value) : null;
  if (parts === null) return { ok: false, message: 'is not a date', hint: dateHint };
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minutes = '0',
    second = '0',
    fraction = '',
    utc,
    sign,
    offsetHour,
    offsetMinute,
  ] = parts;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const time = timeOf(Number(hour), Number(minutes), Number(second), fraction);
  const isRealDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isRealDay || time === null || Number(year) < 1970) {
    return { ok: false, message: 'is not a date of the calendar since 1970', hint: dateHint };
  }
  const local = date.getTime() + time;
  if (utc !== undefined) return { ok: true, value: local };
  if (sign === undefined) return { ok: true, value: instantOf(local, timeZone) };
  if (Number(offsetHour) > 14 || Number(offsetMinute) > 59) {
    return { ok: false, message: 'has an offset that no place uses', hint: dateHint };
  }
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * minute;
  return { ok: true, value: sign === '-' ? local + offset : local - offset };
}

function readTime(value: unknown): Reading<number> {
  const parts = typeof value === 'string' ? clockTime.exec(value) : null;
  if (parts === null) return { ok: false, message: 'is not a time of day', hint: timeHint };
  const [, hourText, minutes, second = '0', fraction = '', half] = parts;
  const isTwelveHour = half !== undefined;
  const hour = Number(hourText);
  const isHour = isTwelveHour ? hour >= 1 && hour <= 12 : minutes !== undefined;
  const hourOfDay = isTwelveHour ? (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) : hour;
  const time = isHour ? timeOf(hourOfDay, Number(minutes ?? '0'), Number(second), fraction) : null;
  return time === null ? { ok: false, message: 'is not a time of day', hint: timeHint } : { ok: true, value: time };
}

/** Milliseconds since midnight; null when out of range. */
function timeOf(hour: number, minutes: number, second: number, fraction: string): number | null {
  if (hour > 23 || minutes > 59 || second > 59) return null;
  return (hour * 60 + minutes) * minute + second * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
}

function readDays(value: unknown, path: string, sink: ErrorSink): readonly number[] | null {
  const hint = 'Write `*`, a list such as mon,wed,fri, or a range such as mon-fri.';
  if (typeof value !== 'string' || value.length > 120) return fail(sink, path, `${quote(value)} names no days`, hint);
  if (value.trim() === '*') return [0, 1, 2, 3, 4, 5, 6];
  const found = new Set<number>();
  for (const item of value.split(',')) {
    const [first, last = first, ...rest] = item.split('-').map(dayNumber);
    if (first === undefined || last === undefined || first < 0 || last < 0 || rest.length > 0) {
      return fail(sink, path, `${quote(item.trim())} is not a day or a range of days`, hint);
    }
    for (let day = first; ; day = (day + 1) % 7) {
      found.add(day);
      if (day === last) break;
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** 0 (Sunday) to 6; -1 when `text` is no English name of a day, in full or its first three letters. */
function dayNumber(text: string): number {
  const name = text.trim().toLowerCase();
  return days.findIndex((day) => day === name || day.slice(0, 3) === name);
}
