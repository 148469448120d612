import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { instantOf, parseTimeZone, zoneClock } from '../../src/policy/time-zone.ts';

const local = (timeZone: string, iso: string) => new Date(zoneClock(timeZone).localTime(Date.parse(iso))).toISOString();

describe('time zones', () => {
  for (const [zone, instant, expected] of [
    ['UTC', '2026-11-23T10:30:00.123Z', '2026-11-23T10:30:00.123Z'],
    ['Europe/Berlin', '2026-01-01T23:30:00Z', '2026-01-02T00:30:00.000Z'],
    ['Europe/Berlin', '2026-07-01T22:30:00Z', '2026-07-02T00:30:00.000Z'],
    ['Asia/Kolkata', '2026-01-01T00:00:00Z', '2026-01-01T05:30:00.000Z'],
    ['America/New_York', '2026-01-01T04:59:59.999Z', '2025-12-31T23:59:59.999Z'],
    ['Australia/Lord_Howe', '2026-01-01T00:00:00Z', '2026-01-01T11:00:00.000Z'],
  ] as const) {
    it(`${instant} is ${expected.slice(0, -1)} in ${zone}`, () => assert.equal(local(zone, instant), expected));
  }

  it('a clock follows the change of daylight saving to the minute', () => {
    const clock = zoneClock('Europe/Berlin');
    const at = (iso: string) => new Date(clock.localTime(Date.parse(iso))).toISOString().slice(11, 19);
    assert.deepEqual(
      [
        at('2026-03-29T00:59:59Z'),
        at('2026-03-29T01:00:00Z'),
        at('2026-03-29T00:59:59Z'),
        at('2026-10-25T00:59:59Z'),
        at('2026-10-25T01:00:00Z'),
      ],
      ['01:59:59', '03:00:00', '01:59:59', '02:59:59', '02:00:00'],
    );
  });

  it('the instant of a local time is the one whose clock shows it', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Asia/Kathmandu']) {
      for (let month = 0; month < 12; month++) {
        const wall = Date.UTC(2026, month, 15, 9, 45);
        assert.equal(zoneClock(zone).localTime(instantOf(wall, zone)), wall, `${zone} ${month}`);
      }
    }
  });

  it('[INERT] only names of the IANA database are zones', () => {
    assert.equal(parseTimeZone('Europe/Berlin'), 'Europe/Berlin');
    assert.equal(parseTimeZone('europe/berlin'), 'Europe/Berlin');
    for (const text of [
      '',
      '+01:00',
      'Mars/Olympus',
      '../../etc/passwd',
      'Europe/Berlin\n',
      'UTC;x',
      'a'.repeat(200),
    ]) {
      assert.equal(parseTimeZone(text), null, text);
    }
  });
});
