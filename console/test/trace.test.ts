import { expect, test } from 'vitest';
import { filtersOf, queryOf, spokenStatus } from '../src/pages/trace_filters';

test.each([
  ['failed', 'reject', 'refused'],
  ['failed', 'defer', 'deferred'],
  ['failed', 'accept', 'bounced'],
  ['pending', 'accept', 'deferred'],
  ['getting_status', 'accept', 'accepted'],
  ['delivered', 'accept', 'delivered'],
  ['quarantined', 'quarantine', 'quarantined'],
])('%s after %s is %s', (status, action, spoken) => expect(spokenStatus(status, action)).toBe(spoken));

test('what the address has is asked, and the time is two days where it says nothing', () => {
  expect(queryOf(filtersOf({ sender: ' a@b.example ', unknown: 'x' }))).toEqual({ sender: 'a@b.example', since: '2d' });
});
