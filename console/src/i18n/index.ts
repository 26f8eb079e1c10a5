// Texts of the reader's language. The English catalogue has all keys; another must have the same, or does not compile.
import { de } from './de';
import { en } from './en';
import { pseudo } from './pseudo';

export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;
// The third is for tests: what is not in brackets there is in no catalogue.
export type Language = 'en' | 'de' | 'pseudo';

const catalogues: Record<Language, Catalogue> = { en, de, pseudo: pseudo(en) };
const key = 'connectord.language';

export function isLanguage(text: string | null | undefined): text is Language {
  return text === 'en' || text === 'de' || text === 'pseudo';
}

function chosen(): Language {
  if (typeof navigator === 'undefined') return 'en';
  const stored = localStorage.getItem(key);
  if (isLanguage(stored)) return stored;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en';
}

let current: Language = chosen();

export function language(): Language {
  return current;
}

// For numbers and times: the reader's own kind of the language, such as British English.
export function locale(): string {
  if (current === 'pseudo') return 'en';
  const kinds = typeof navigator === 'undefined' ? [] : navigator.languages;
  return kinds.find((tag) => tag === current || tag.startsWith(`${current}-`)) ?? current;
}

export function setLanguage(to: Language): void {
  current = to;
  localStorage.setItem(key, to);
}

// Making a formatter takes a thousand times as long as using it, so each is made once.
const formatters = new Map<string, unknown>();
export function formatter<T>(name: string, make: (locale: string) => T): T {
  const language = locale();
  const key = `${language} ${name}`;
  if (!formatters.has(key)) formatters.set(key, make(language));
  return formatters.get(key) as T;
}

export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  return formatter(`number ${JSON.stringify(options)}`, (locale) => new Intl.NumberFormat(locale, options)).format(value);
}

const plurals = new Map<string, Intl.PluralRules>();
function pluralOf(n: number): Intl.LDMLPluralRule {
  const rules = plurals.get(current) ?? new Intl.PluralRules(current === 'pseudo' ? 'en' : current);
  plurals.set(current, rules);
  return rules.select(n);
}

// The text with {name} replaced. Where `n` is a number, the text of the key with its plural form behind it (".one"), if
// there is one.
export function t(name: Key, values: Record<string, string | number> = {}): string {
  const catalogue = catalogues[current];
  const form = typeof values['n'] === 'number' ? (`${name}.${pluralOf(values['n'])}` as Key) : name;
  const text = form in catalogue ? catalogue[form] : catalogue[name];
  return text.replace(/\{(\w+)\}/g, (whole, word: string) => {
    const value = values[word];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : value;
  });
}

// The text of a name that only the API knows, or null where no catalogue has it.
export function textOf(name: string, values: Record<string, string | number> = {}): string | null {
  return name in catalogues[current] ? t(name as Key, values) : null;
}

// A word of the API's in the reader's language, or as it is where there is none.
export function word(group: string, value: string): string {
  const name = `${group}.${value.replaceAll(/[ _]/g, '-')}`;
  return name in catalogues[current] ? t(name as Key) : value;
}
