// A rule as the editor has it: rows of keys and texts that are being written. The keys and their kinds are the API's
// (GET /api/exchange/schema). Pure.
import type { Schemas } from '../api/client';

type Conditions = Record<string, unknown>;
export type Rule = Omit<Schemas['Rule'], 'when' | 'unless' | 'action'> & { when?: Conditions; unless?: Conditions; action?: Record<string, unknown>[] };
export type Table = Schemas['Schema']['tables'][number];
export type SchemaKey = Table['keys'][number];

export interface Keys {
  rule: SchemaKey[];
  when: SchemaKey[];
  action: SchemaKey[];
}

export interface HeaderRow {
  name: string;
  words: string;
  patterns: string;
}

// One condition. `value` is a text, one entry a line for lists, "true" or "false" for booleans.
export interface Row {
  key: string;
  value: string;
  headers?: HeaderRow[]; // of the key "header" alone
}

export interface Action {
  do: string;
  values: Record<string, string>;
}

export interface Draft {
  values: Record<string, string>; // of the rule's own keys
  all: boolean;
  when: Row[];
  unless: Row[];
  actions: Action[];
}

export function keysOf(tables: Table[]): Keys {
  const find = (path: string) => tables.find((table) => table.path === path)?.keys ?? [];
  return { rule: find('rule'), when: find('rule.when'), action: find('rule.action') };
}

// For which actions a key of an action is: its help begins with their names, "`reject`, `defer`: …; `wrap`: …". Empty:
// for all.
export function actionsOf(key: SchemaKey): string[] {
  const parts = key.help.split(/;\s*/).map((part) => /^((?:`[a-z_]+`(?:,\s*)?)+):/.exec(part)?.[1] ?? '');
  return parts.flatMap((names) => [...names.matchAll(/`([a-z_]+)`/g)].map((found) => found[1]!));
}

export function keysOfAction(keys: Keys, action: string): SchemaKey[] {
  return keys.action.filter((key) => {
    if (key.name === 'do') return false;
    const of = actionsOf(key);
    return of.length === 0 || of.includes(action);
  });
}

export function lines(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter(Boolean);
}

function toText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join('\n') : String(value ?? '');
}

// What a text is in the rule; undefined where it says nothing.
function toValue(key: SchemaKey | undefined, text: string): unknown {
  if (text === '') return undefined;
  if (key?.kind === 'list') {
    const list = key.choices.length > 0 ? text.split(/\s+/).filter(Boolean) : lines(text);
    return list.length > 0 ? list : undefined;
  }
  if (key?.kind === 'boolean') return text === 'true';
  if (key?.kind === 'integer') return /^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text;
  return text;
}

function rowsOf(conditions: Conditions | undefined): Row[] {
  return Object.entries(conditions ?? {}).map(([key, value]) => {
    if (key !== 'header') return { key, value: toText(value) };
    const headers = (value as Record<string, unknown>[]).map((one) => ({ name: toText(one['name']), words: toText(one['words']), patterns: toText(one['patterns']) }));
    return { key, value: '', headers };
  });
}

const ownKeys = ['comment', 'priority', 'mode', 'enabled', 'activate_at', 'expire_at', 'stop', 'on_error', 'split', 'severity'] as const;

export function emptyDraft(): Draft {
  return { values: { name: '', mode: 'audit' }, all: false, when: [], unless: [], actions: [{ do: '', values: {} }] };
}

export function fromRule(rule: Rule): Draft {
  const values: Record<string, string> = { name: rule.name };
  for (const key of ownKeys) if (rule[key] !== undefined) values[key] = toText(rule[key]);
  const actions = (rule.action ?? []).map((action) => {
    const { do: what, ...rest } = action as Record<string, unknown>;
    return { do: toText(what), values: Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, toText(value)])) };
  });
  return { values, all: rule.all === true, when: rowsOf(rule.when), unless: rowsOf(rule.unless), actions };
}

function conditions(rows: Row[], keys: SchemaKey[]): Conditions {
  const made: Conditions = {};
  for (const row of rows) {
    if (!row.key) continue;
    if (row.headers) {
      made[row.key] = row.headers.filter((one) => one.name.trim()).map((one) => ({
        name: one.name.trim(),
        ...(lines(one.words).length > 0 ? { words: lines(one.words) } : {}),
        ...(lines(one.patterns).length > 0 ? { patterns: lines(one.patterns) } : {}),
      }));
      continue;
    }
    const value = toValue(keys.find((key) => key.name === row.key), row.value);
    if (value !== undefined) made[row.key] = value;
  }
  return made;
}

export function toRule(draft: Draft, keys: Keys): Rule {
  const rule: Record<string, unknown> = { name: (draft.values['name'] ?? '').trim() };
  for (const name of ownKeys) {
    const value = toValue(keys.rule.find((key) => key.name === name), draft.values[name] ?? '');
    if (value !== undefined) rule[name] = value;
  }
  if (draft.all) rule['all'] = true;
  const when = conditions(draft.when, keys.when);
  const unless = conditions(draft.unless, keys.when);
  if (!draft.all && Object.keys(when).length > 0) rule['when'] = when;
  if (Object.keys(unless).length > 0) rule['unless'] = unless;
  rule['action'] = draft.actions.filter((action) => action.do).map((action) => {
    const known = keysOfAction(keys, action.do);
    const values = known.map((key) => [key.name, toValue(key, action.values[key.name] ?? '')] as const);
    return { do: action.do, ...Object.fromEntries(values.filter(([, value]) => value !== undefined)) };
  });
  return rule as Rule;
}

export type Complaint = 'rules.missing.name' | 'rules.missing.when' | 'rules.missing.action';

// What is missing; all else is the API's to say.
export function complaint(draft: Draft): Complaint | null {
  if (!(draft.values['name'] ?? '').trim()) return 'rules.missing.name';
  if (!draft.all && draft.when.every((row) => !row.key)) return 'rules.missing.when';
  if (draft.actions.every((action) => !action.do) && draft.values['stop'] !== 'true') return 'rules.missing.action';
  return null;
}

// The envelope that a message's header tells, so that nobody has to write it anew.
export function envelopeOf(message: string): { from: string; to: string } {
  const header = message.split(/\r?\n\r?\n/, 1)[0]!.replace(/\r?\n[ \t]+/g, ' ');
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'im').exec(header)?.[1] ?? '';
  const address = (text: string) => /[^\s<>,;:"]+@[^\s<>,;:"]+/.exec(text)?.[0] ?? '';
  return { from: address(field('From')), to: address(field('To')) };
}
