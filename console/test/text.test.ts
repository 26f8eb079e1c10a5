import { expect, test } from 'vitest';
import { csv, shown } from '../src/text';

test.each([
  ['plain', 'Grüße', 'Grüße'],
  ['a line break', 'a\nb', 'a\\u{a}b'],
  ['an escape', '\u001b[31mred', '\\u{1b}[31mred'],
  ['a turn of direction', 'invoice\u202efdp.exe', 'invoice\\u{202e}fdp.exe'],
  ['without width', 'pay\u200bpal', 'pay\\u{200b}pal'],
  ['a tag', 'a\u{e0041}', 'a\\u{e0041}'],
  ['half a pair', '\ud800', '\\u{d800}'],
  ['a whole pair', '😀', '😀'],
])('%s is shown as what it is', (_, text, expected) => expect(shown(text)).toBe(expected));

test.each([
  ['=1+1', "'=1+1"],
  ['+49', "'+49"],
  ['-x', "'-x"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['plain', 'plain'],
])('the cell %j is no formula and one cell', (value, expected) => expect(csv(['h'], [[value]])).toBe(`h\r\n${expected}\r\n`));

test('numbers stay numbers', () => expect(csv(['n'], [[-5, null, undefined]])).toBe('n\r\n-5,,\r\n'));
