/// <reference types="vite/client" />
import { expect, test } from 'vitest';
import { pseudoText } from '../src/i18n/pseudo';
import { t, word } from '../src/i18n';
import { de } from '../src/i18n/de';
import { en } from '../src/i18n/en';

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();

test('both catalogues have the same keys, and the same places in each text', () => {
  expect(Object.keys(de)).toEqual(Object.keys(en));
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect([key, places(de[key])]).toEqual([key, places(en[key])]);
});

test('one is one', () => {
  expect(t('connectors.count', { n: 1 })).toBe('1 connector');
  expect(t('connectors.count', { n: 1200 })).toBe('1,200 connectors');
});

test('a word that nobody knows is shown as it is', () => {
  expect(word('action', 'accept')).toBe('Accepted');
  expect(word('action', 'transmogrify')).toBe('transmogrify');
  expect(word('outcome', 'not applicable')).toBe('does not apply');
});

test('each count has its singular', () => {
  const invariant = ['queue.held'];
  for (const [catalogue, name] of [[en, 'en'], [de, 'de']] as const) {
    for (const [key, text] of Object.entries(catalogue)) {
      if (/\{n\} \p{L}/u.test(text) && !invariant.includes(key)) expect([name, key, `${key}.one` in catalogue]).toEqual([name, key, true]);
    }
  }
  expect(t('trace.count', { n: 1 })).toBe('1 message');
  expect(t('trace.count', { n: 0 })).toBe('0 messages');
});

test('the pseudo-language keeps places and marks both ends', () => {
  expect(pseudoText('{n} rules')).toMatch(/^⟦\{n\} rúléš~+⟧$/);
});

test('no page has a text of its own', () => {
  const files = Object.entries(import.meta.glob<string>('../src/**/*.tsx', { query: '?raw', eager: true, import: 'default' }));
  expect(files.length).toBeGreaterThan(15);
  // Names that are the same in every language.
  const names = /^(English|Deutsch|connectord|SHA-256|TLS 1\.[23]|store =.*|accepted_domains =.*|connectorctl.*)$/;
  for (const [file, source] of files) {
    for (const found of source.matchAll(/<[a-zA-Z][^<>{}]*>\s*([^<>{}()=;]*\p{L}{2}[^<>{}()=;]*)</gu)) {
      const text = found[1]!.trim();
      expect([file, names.test(text) ? '' : text]).toEqual([file, '']);
    }
  }
});
