import { expect, test } from 'vitest';
import type { Schemas } from '../src/api/client';
import { filtersOf, queryOf, spokenStatus } from '../src/pages/trace_filters';
import { isOfFleet, nameOf, withNews } from '../src/pages/trace_rows';

test.each([
  ['failed', 'reject', 'refused'],
  ['failed', 'defer', 'deferred'],
  ['failed', 'accept', 'bounced'],
  ['pending', 'accept', 'deferred'],
  ['getting_status', 'accept', 'accepted'],
  ['delivered', 'accept', 'delivered'],
  ['quarantined', 'quarantine', 'quarantined'],
])('%s after %s is %s', (status, action, spoken) => expect(spokenStatus(status, action)).toBe(spoken));

test('a row of a fleet is called by its host and number, and one of a host by its number', () => {
  expect(nameOf({ id: 1099511632487, row: 'mx1-4711' })).toBe('mx1-4711');
  expect(nameOf({ id: 4711 })).toBe('4711');
});

test('a fleet is where somebody says whose mail it is', () => {
  expect([undefined, {}, { scope: 'fleet' }, { scope: 'this host' }].map(isOfFleet)).toEqual([false, false, true, true]);
});

test('news stand first, each once, and only so many are kept', () => {
  const rows = (...ids: number[]) => ids.map((id) => ({ id }) as Schemas['TraceRow']);
  const ids = (list: Schemas['TraceRow'][]) => list.map((row) => row.id);
  expect(ids(withNews(rows(3, 2, 1), rows(3, 4, 5), 10))).toEqual([5, 4, 3, 2, 1]);
  expect(ids(withNews(rows(2, 1), rows(3), 2))).toEqual([3, 2]);
  expect(ids(withNews(rows(1), rows(), 2))).toEqual([1]);
});

test('the host is a filter as the others are', () => {
  expect(queryOf(filtersOf({ host: ' mx2 ', since: '7d' }))).toEqual({ host: 'mx2', since: '7d' });
});

test('what the address has is asked, and the time is two days where it says nothing', () => {
  expect(queryOf(filtersOf({ sender: ' a@b.example ', unknown: 'x' }))).toEqual({ sender: 'a@b.example', since: '2d' });
});
