import { expect, test } from 'vitest';
import { actionsOf, complaint, emptyDraft, envelopeOf, fromRule, type Keys, keysOfAction, type SchemaKey, toRule } from '../src/rules/draft';

const key = (name: string, kind: SchemaKey['kind'], help = 'Help.', choices: string[] = []): SchemaKey => ({
  name, kind, help, choices, type: '', example: '"x"', required: false, default: null, otherwise: 'any',
});
const keys: Keys = {
  rule: [key('priority', 'integer'), key('stop', 'boolean'), key('mode', 'string', 'Help.', ['enforce', 'audit'])],
  when: [key('subject_words', 'list'), key('direction', 'list', 'Help.', ['inbound', 'outbound']), key('tls', 'boolean'), key('message_size_over', 'string')],
  action: [key('do', 'string', 'Which.', ['reject', 'set_header']), key('code', 'integer', '`reject`, `defer`: the reply.'), key('header', 'string', '`set_header`, `add_header`: the field.'),
    key('text', 'text', '`reject`, `defer`: the text; `wrap`: in front.')],
};

test('a rule becomes a draft and the same rule again', () => {
  const rule = {
    name: 'no lottery', priority: 30, mode: 'audit' as const, stop: true,
    when: { subject_words: ['lottery', 'big jackpot'], direction: ['inbound'], tls: false, header: [{ name: 'X-A', words: ['a b'] }] },
    unless: { message_size_over: '1MiB' },
    action: [{ do: 'reject', code: 550, text: 'No\nlottery' }],
  };
  expect(toRule(fromRule(rule), keys)).toEqual(rule);
});

test('what says nothing is left out, and keys of another action too', () => {
  const draft = emptyDraft();
  draft.values = { name: ' x ', mode: 'audit', comment: '' };
  draft.when = [{ key: 'subject_words', value: ' a \n\n' }, { key: '', value: '' }, { key: 'tls', value: '' }];
  draft.actions = [{ do: 'set_header', values: { header: 'X-A', code: '550' } }, { do: '', values: {} }];
  expect(toRule(draft, keys)).toEqual({ name: 'x', mode: 'audit', when: { subject_words: ['a'] }, action: [{ do: 'set_header', header: 'X-A' }] });
});

test('a number that is none is left for the API to refuse', () => {
  const draft = { ...emptyDraft(), values: { name: 'x', priority: 'many' } };
  expect(toRule(draft, keys).priority).toBe('many');
});

test('which actions a key is for stands in its help', () => {
  expect(actionsOf(keys.action[3]!)).toEqual(['reject', 'defer', 'wrap']);
  expect(keysOfAction(keys, 'set_header').map((one) => one.name)).toEqual(['header']);
  expect(keysOfAction(keys, 'reject').map((one) => one.name)).toEqual(['code', 'text']);
});

test('what is missing is said before anything is asked', () => {
  const draft = emptyDraft();
  expect(complaint(draft)).toBe('rules.missing.name');
  draft.values['name'] = 'x';
  expect(complaint(draft)).toBe('rules.missing.when');
  draft.all = true;
  expect(complaint(draft)).toBe('rules.missing.action');
  draft.actions = [{ do: 'reject', values: {} }];
  expect(complaint(draft)).toBe(null);
});

test('the envelope is taken from the header', () => {
  const message = 'Received: x\r\nFrom: "A, B" <a@example.org>\r\nTo: =?x?= ,\r\n b@example.net\r\n\r\nTo: c@example.com\r\n';
  expect(envelopeOf(message)).toEqual({ from: 'a@example.org', to: 'b@example.net' });
  expect(envelopeOf('no header')).toEqual({ from: '', to: '' });
});
