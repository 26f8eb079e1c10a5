import { expect, test } from 'vitest';
import { leaves, merged, textOf, threeWay, toObject, withChanges } from '../src/parts/three_way';
import { emptyDraft, fromConnector, toConnector } from '../src/wizard/draft';

const before = { name: 'contoso', comment: 'old', require: { tls: true, spf: 'pass' } };
const theirs = { name: 'contoso', comment: 'theirs', require: { tls: true, tls_version: 'TLSv1.3', spf: 'pass' } };
const mine = { name: 'contoso', comment: 'mine', require: { tls: true } };

test('leaves and back', () => expect(toObject(leaves(before))).toEqual(before));

test('what both changed is for a person to choose, all else is kept', () => {
  const differences = threeWay(before, theirs, mine);
  expect(differences.map((one) => [one.key, one.conflicts])).toEqual([['comment', true], ['require.spf', false], ['require.tls_version', false]]);
  expect(merged(theirs, differences, { comment: 'mine' })).toEqual({ name: 'contoso', comment: 'mine', require: { tls: true, tls_version: 'TLSv1.3' } });
  expect(merged(theirs, differences, { comment: 'theirs' })).toEqual({ name: 'contoso', comment: 'theirs', require: { tls: true, tls_version: 'TLSv1.3' } });
});

test('the same change of both is no conflict', () => {
  const differences = threeWay({ a: 1 }, { a: 2 }, { a: 2 });
  expect(differences.map((one) => one.conflicts)).toEqual([false]);
  expect(merged({ a: 2 }, differences, {})).toEqual({ a: 2 });
});

test('a form leaves what it does not know', () => {
  const original = {
    name: 'contoso', direction: 'inbound' as const, scenario: 'partner' as const, enabled: true, priority: 7,
    identify: { certificate: { subject: 'mail.contoso.com', fingerprints: ['sha256:00'] } }, require: { tls: true, dmarc: 'pass' as const },
    enhanced_filtering: { skip_last: true },
  };
  const draft = fromConnector(original as never);
  const changed = withChanges(original, toConnector(draft), toConnector({ ...draft, requireDmarc: false, comment: 'x', certificate: 'mx.contoso.com' }));
  expect(changed).toEqual({ ...original, comment: 'x', identify: { certificate: { subject: 'mx.contoso.com', fingerprints: ['sha256:00'] } }, require: { tls: true } });
  expect(withChanges(original, toConnector(draft), toConnector(draft))).toEqual(original);
});

test('an outbound connector as the forms have it', () => {
  const made = toConnector({ ...emptyDraft, direction: 'outbound', name: 'out', recipientDomains: '*', route: 'hosts', smartHosts: '[a.example]:25', tlsLevel: 'match', tlsMatch: 'a.example' });
  expect(toConnector(fromConnector(made))).toEqual(made);
});

test('values as a table shows them', () => {
  expect(textOf(undefined)).toBe('–');
  expect(textOf(['a', { b: 1 }])).toBe('a, {"b":1}');
});
