import { describe, expect, test } from 'vitest';
import { complaint, type Draft, emptyDraft, list, stepOf, steps, toConnector } from '../src/wizard/draft';

const draft = (more: Partial<Draft>): Draft => ({ ...emptyDraft, ...more });

describe('a draft becomes a connector', () => {
  test('inbound, as it begins', () => {
    expect(toConnector(draft({ name: ' contoso ', senderDomains: 'contoso.com\n*.contoso.com' }))).toEqual({
      name: 'contoso',
      direction: 'inbound',
      scenario: 'partner',
      mode: 'audit',
      identify: { sender_domains: ['contoso.com', '*.contoso.com'] },
      require: { tls: true, tls_version: 'TLSv1.2' },
    });
  });
  test('inbound, with nothing required', () => {
    const made = toConnector(draft({ name: 'x', networks: '192.0.2.1', requireTls: false, audit: false, enabled: false }));
    expect(made).toEqual({ name: 'x', direction: 'inbound', scenario: 'partner', enabled: false, identify: { client_networks: ['192.0.2.1'] } });
  });
  test('outbound through a smart host', () => {
    const made = toConnector(draft({ direction: 'outbound', name: 'out', recipientDomains: '*', route: 'hosts', smartHosts: '[a.example]:25', tlsLevel: 'match', tlsMatch: 'a.example' }));
    expect(made).toEqual({
      name: 'out',
      direction: 'outbound',
      scenario: 'partner',
      recipient_domains: ['*'],
      route: { smart_hosts: ['[a.example]:25'] },
      tls: { level: 'match', match: ['a.example'] },
    });
  });
  test('outbound by sender, with a certificate of ours', () => {
    const made = toConnector(draft({ direction: 'outbound', name: 'out', fromSenders: 'a@example.net', fromDomains: '*.example.org', route: 'hosts', smartHosts: 'smtps:[a.example]:465', tlsCertificate: '/a.pem', tlsKey: '/a.key' }));
    expect(made).toEqual({
      name: 'out',
      direction: 'outbound',
      scenario: 'partner',
      senders: ['a@example.net'],
      sender_domains: ['*.example.org'],
      route: { smart_hosts: ['smtps:[a.example]:465'] },
      tls: { level: 'verify', certificate: '/a.pem', key: '/a.key' },
    });
  });
  test('what belongs to another choice is left out', () => {
    const made = toConnector(draft({ direction: 'outbound', name: 'out', byRule: true, recipientDomains: 'a.example', smartHosts: '[b]', tlsMatch: 'c', tlsLevel: '' }));
    expect(made).toEqual({ name: 'out', direction: 'outbound', scenario: 'partner', rule_scoped: true });
  });
});

test('lists are of lines, commas or blanks', () => expect(list(' a.example,b.example\n\tc.example ;; ')).toEqual(['a.example', 'b.example', 'c.example']));

test.each([
  ['name', { name: '' }, 'wizard.missing.name'],
  ['name', { name: 'a b' }, 'wizard.bad.name'],
  ['name', { name: 'a.b-c_1' }, null],
  ['identify', {}, 'wizard.missing.identify'],
  ['identify', { certificate: 'mail.contoso.com' }, null],
  ['use', {}, 'wizard.missing.domains'],
  ['use', { byRule: true }, null],
  ['use', { fromDomains: 'example.net' }, null],
  ['route', { route: 'hosts' }, 'wizard.missing.hosts'],
  ['route', {}, null],
] as const)('%s of %j', (step, more, expected) => expect(complaint(draft(more), step)).toBe(expected));

test('every field that the API may name has a step', () => {
  for (const direction of ['inbound', 'outbound'] as const) {
    for (const field of ['name', 'scenario', 'identify.client_networks', 'require.tls', 'route.smart_hosts', 'tls.level', 'recipient_domains']) {
      expect(steps(draft({ direction }))).toContain(stepOf(field, direction));
    }
  }
});
