import { expect, test } from 'vitest';
import { href, parsePlace } from '../src/router';

test('what is written into an address is read from it', () => {
  const path = ['connectors', 'inbound', 'a/b c?#%'];
  const query = { sender: '<>', word: 'a&b=c', empty: '' };
  const place = parsePlace(href(path, query));
  expect(place.path).toEqual(path);
  expect(place.query).toEqual({ sender: '<>', word: 'a&b=c' });
});

test.each(['', '#', '#/', '#?x=1', '#/%', '#/a?b=%'])('%j is some place', (hash) => {
  expect(Array.isArray(parsePlace(hash).path)).toBe(true);
});
