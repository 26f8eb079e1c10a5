import { expect, test } from 'vitest';
import { parseSaved, titleOf, withLast } from '../src/pages/trace_saved';

test('the last ten searches are kept, the newest first, each once', () => {
  let saved = parseSaved(null);
  for (let n = 0; n < 12; ++n) saved = withLast(saved, { sender: `${n}@a.example`, since: '2d' });
  saved = withLast(saved, { sender: '5@a.example', since: '2d' });
  expect(saved.last.length).toBe(10);
  expect(saved.last.slice(0, 2).map((one) => one.filters['sender'])).toEqual(['5@a.example', '11@a.example']);
  expect(withLast(saved, { since: '7d' })).toBe(saved);
});

test.each(['', 'x', '[]', 'null', '{"last": 1}', '{"named": [{"name": 1, "filters": {}}, {"name": "a", "filters": {"x": 1}}, null]}'])('%j is no search', (text) =>
  expect(parseSaved(text)).toEqual({ named: [], last: [] }));

test('a search is called by what it looks for', () => expect(titleOf({ sender: 'a@b', since: '7d' })).toBe('sender=a@b since=7d'));
