import { expect, test } from 'vitest';
import { type HeldMessage, nameOf, newestFirst, obstacleOf, split } from '../src/pages/held_ways';

const message = (more: Partial<HeldMessage>): HeldMessage => ({
  queue_id: '4WqX1z2kbRz3Q', trace_id: 1, time: '2026-11-29T12:00:00Z', reason: null, rules: [], sender: '', recipients: [],
  from: null, subject: null, message_id: null, size: 1, ...more,
});

test('what mends it follows from what the API says', () => {
  const silent = '/run/connectord-held.sock: connectord-held does not answer: systemctl enable --now connectord-held.socket';
  expect(obstacleOf(503, silent)).toEqual({ words: 'held.no-helper', remedy: 'systemctl enable --now connectord-held.socket' });
  // The socket's path alone does not mean that nobody answers there.
  expect(obstacleOf(503, '/run/connectord-held.sock: postqueue: fatal')?.words).toBe('held.not-now');
  expect(obstacleOf(503, 'the record of messages cannot be read: locked')?.words).toBe('held.not-now');
  expect(obstacleOf(501, '')?.remedy).toBe('connectorctl held list');
  expect(obstacleOf(409, '')?.words).toBe('held.no-trace');
  expect(obstacleOf(404, silent)).toBeNull();
  expect(obstacleOf(0, '')).toBeNull();
});

test('the newest stands first, and what was given stays as it is', () => {
  const given = [message({ time: '2026-11-29T12:00:00Z' }), message({ time: '2026-11-30T09:00:00Z' })];
  expect(newestFirst(given).map((one) => one.time)).toEqual(['2026-11-30T09:00:00Z', '2026-11-29T12:00:00Z']);
  expect(given[0]!.time).toBe('2026-11-29T12:00:00Z');
});

test('few recipients are shown at once, and none is lost', () => {
  expect(split(['a', 'b', 'c', 'd'])).toEqual({ first: ['a', 'b', 'c', 'd'], rest: [] });
  expect(split(['a', 'b', 'c', 'd', 'e'])).toEqual({ first: ['a', 'b', 'c'], rest: ['d', 'e'] });
  expect(split([])).toEqual({ first: [], rest: [] });
});

test('a message without a subject is called by its queue ID', () => {
  expect(nameOf(message({ subject: 'an invoice' }))).toBe('an invoice');
  expect(nameOf(message({ subject: '' }))).toBe('4WqX1z2kbRz3Q');
  expect(nameOf(message({}))).toBe('4WqX1z2kbRz3Q');
});
