import { afterEach, expect, test } from 'vitest';
import { type Catalogue, setLanguage, textOf, word } from '../src/i18n';
import { de } from '../src/i18n/de';
import { en } from '../src/i18n/en';
import type { Schemas } from '../src/api/client';
import { whatOf, whyOf } from '../src/pages/insight_text';

type Insight = Schemas['Insight'];

// What the API gives with each name, in each of its cases. A name that is missing here does not compile.
const given: Record<Insight['name'], { variants?: string[]; values: Insight['values'] }> = {
  bounces_by_code: { values: { count: 5, code: '5.1.1' } },
  certificate_ends: { variants: ['ends', 'ended'], values: { host: 'mx.contoso.com', time: '2026-11-23T00:00:00Z', connector: 'contoso' } },
  certificate_new: { variants: ['same_issuer', 'other_issuer'], values: { connector: 'contoso', subject: 'CN=mx', issuer: 'CN=ca' } },
  connector_unused: { values: { connector: 'contoso' } },
  connectors_overlap: { variants: ['taken', 'under'], values: { connector: 'contoso', other: 'contoso-2', claim: 'client network 192.0.2.0/24' } },
  deferrals_risen: { values: { connector: 'contoso', bad: 40, of: 50, bad_before: 3, of_before: 300 } },
  dkim_key_old: { values: { key: 's1._domainkey.example.net' } },
  dmarc_would_refuse: { values: { count: 6, client: '203.0.113.9' } },
  mail_loop: { values: { count: 5, recipient: 'bob@example.net', message_id: '<a@b>' } },
  mx_changed: { variants: ['changed', 'new', 'gone'], values: { domain: 'example.net', now: 'mx.other.example', before: 'mx.example.net', time: '2026-11-23T00:00:00Z' } },
  mx_elsewhere: { variants: ['elsewhere', 'gone'], values: { domain: 'example.net', now: 'mx.other.example' } },
  own_domain_from_outside: { values: { n: 2, domain: 'example.net' } },
  own_mail_unsigned: { variants: ['arrives', 'leaves'], values: { count: 6, domain: 'example.net', client: '203.0.113.9' } },
  partner_silent: { values: { connector: 'contoso', time: '2026-11-23T00:00:00Z', n: 12 } },
  queue_waits: { variants: ['connector', 'mail_server'], values: { n: 250, next_hop: 'mx', time: '2026-11-23T00:00:00Z', connector: 'contoso' } },
  refusals_by_code: { values: { count: 12, code: '5.7.10' } },
  refusals_risen: { values: { connector: 'contoso', bad: 40, of: 50, bad_before: 3, of_before: 300 } },
  rule_not_asked: { values: { n: 2, rule: 'groups' } },
  rule_slow: { values: { count: 3, rule: 'big words' } },
  tls_weak: { variants: ['all', 'some'], values: { connector: 'contoso', weak: 6, of: 20 } },
  trace_lags: { values: { count: 6000 } },
  trace_not_written: { values: {} },
  validation_failed: { values: { connector: 'contoso', time: '2026-11-23T00:00:00Z' } },
};

function insight(name: string, variant: string | null, values: Insight['values']): Insight {
  return {
    id: name, name: name as Insight['name'], severity: 'info', connector: null, direction: null, what: 'in English', why: 'the next hop said so',
    variant, values, write: '', evidence: [], search: null, examples: [], muted: null,
  };
}

const all = Object.entries(given).flatMap(([name, { variants, values }]) => (variants ?? [null]).map((variant) => insight(name, variant, values)));
const catalogues: ['en' | 'de', Catalogue][] = [['en', en], ['de', de]];

// Without a window there is nowhere to keep the choice.
Object.assign(globalThis, { localStorage: { setItem: () => undefined, getItem: () => null } });
afterEach(() => setLanguage('en'));

test('each insight is said in both languages, with all of its values', () => {
  for (const [language, catalogue] of catalogues) {
    setLanguage(language);
    for (const one of all) {
      const sentences = [whatOf(one), whyOf(one)!];
      expect([one.name, sentences[0]]).not.toEqual([one.name, 'in English']);
      for (const text of sentences) expect(text).not.toMatch(/[{}]/);
    }
    const title = (name: string) => `insight.${name.replaceAll('_', '-')}`;
    for (const name of Object.keys(given)) expect([language, name, title(name) in catalogue]).toEqual([language, name, true]);
  }
});

test('counts, names and moments stand where the language has them', () => {
  const own = insight('own_domain_from_outside', null, { n: 1, domain: 'example.net' });
  expect(whatOf(own)).toBe('1 message of the last day came from outside in the name of example.net, and no connector knows the client');
  setLanguage('de');
  expect(whatOf({ ...own, values: { n: 1200, domain: 'example.net' } })).toMatch(/^1\.200 Nachrichten .* im Namen von example\.net/);
  const silent = insight('partner_silent', null, { connector: 'contoso', time: '2026-11-23T10:00:00Z', n: 1 });
  expect(whatOf(silent)).toMatch(/^Keine Post von contoso seit 2\d\.11\.2026, \d\d:00:00$/);
  expect(whyOf(silent)).toContain('war eine Stunde');
  expect(word('evidence', 'messages with TLS before 1.2')).toBe('Nachrichten mit TLS vor 1.2');
});

test('what a stranger chose stays text, and what another server said its own words', () => {
  const loop = insight('mail_loop', null, { count: 5, recipient: 'b@c', message_id: '<\u202egpj@x>' });
  expect(whatOf(loop)).toContain('<\\u{202e}gpj@x>');
  expect(whyOf(insight('bounces_by_code', null, { count: 5, code: '5.1.1' }))).toBe('the next hop said so');
});

test('a newer server may know more', () => {
  const newer = insight('moon_full', 'very', { n: 1 });
  expect([whatOf(newer), whyOf(newer)]).toEqual(['in English', 'the next hop said so']);
  const variant = insight('tls_weak', 'most', { connector: 'contoso', weak: 6, of: 20 });
  expect([whatOf(variant).slice(0, 7), whyOf(variant)]).toEqual(['contoso', 'the next hop said so']);
  expect(textOf('insight.moon-full')).toBeNull();
});
