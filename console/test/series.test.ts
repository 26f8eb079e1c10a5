import { expect, test } from 'vitest';
import { ceiling, series } from '../src/parts/series';

const line = (time: string, group: string, messages: number) => ({ time, group, messages, recipients: messages * 2, bytes: 0 });

test('slots without mail are there, and sums are sums', () => {
  const report = {
    since: '2026-11-01T00:00:00Z',
    until: '2026-11-04T12:00:00Z',
    volumes: [line('2026-11-01T00:00:00Z', 'a', 3), line('2026-11-03T00:00:00Z', 'a', 1), line('2026-11-03T00:00:00Z', 'b', 7)],
  };
  const made = series(report, 'day', 'messages');
  expect(made.slots.map((slot) => slot.slice(0, 10))).toEqual(['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04']);
  expect(made.groups).toEqual([
    { name: 'b', values: [0, 0, 7, 0], sum: 7 },
    { name: 'a', values: [3, 0, 1, 0], sum: 4 },
  ]);
  expect(made.sum).toBe(11);
  expect(made.highest).toBe(8);
  expect(series(report, 'day', 'recipients').sum).toBe(22);
});

test('no mail is no slot', () => {
  const made = series({ since: '2026-11-01T00:00:00Z', until: '2026-11-02T00:00:00Z', volumes: [] }, 'hour', 'messages');
  expect(made).toEqual({ slots: [], groups: [], sum: 0, highest: 0 });
});

test('a time of any length has a bounded number of slots', () => {
  const made = series({ since: '1970-01-01T00:00:00Z', until: '2026-11-02T00:00:00Z', volumes: [line('2026-11-01T00:00:00Z', 'a', 1)] }, 'hour', 'messages');
  expect(made.slots.length).toBeLessThanOrEqual(1000);
});

test.each([[0, 5], [5, 5], [6, 10], [11, 20], [21, 25], [26, 50], [999, 1000], [1001, 2000]])('the axis for %d ends at %d', (value, top) =>
  expect(ceiling(value)).toBe(top));
