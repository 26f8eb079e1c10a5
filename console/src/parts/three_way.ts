// What two people made of the same thing. Pure.
type Leaves = Map<string, unknown>;

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Each value by its dotted key; lists count as one.
export function leaves(object: object, prefix = ''): Leaves {
  const found: Leaves = new Map();
  for (const [key, value] of Object.entries(object)) {
    if (!isTable(value)) found.set(prefix + key, value);
    else for (const [path, leaf] of leaves(value, `${prefix}${key}.`)) found.set(path, leaf);
  }
  return found;
}

export function toObject(from: Leaves): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [path, value] of from) {
    if (value === undefined) continue;
    const parts = path.split('.');
    const last = parts.pop()!;
    let table = made;
    for (const part of parts) table = (table[part] ??= {}) as Record<string, unknown>;
    table[last] = value;
  }
  return made;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

// `original` with what changed from `before` to `after`: all that a form does not know stays.
export function withChanges(original: object, before: object, after: object): Record<string, unknown> {
  const result = leaves(original);
  const [old, now] = [leaves(before), leaves(after)];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (!same(old.get(key), now.get(key))) result.set(key, now.get(key));
  }
  return toObject(result);
}

export interface Difference {
  key: string;
  before: unknown;
  theirs: unknown;
  mine: unknown;
  conflicts: boolean; // both changed it, and not to the same
}

// The keys in which the three are not the same.
export function threeWay(before: object, theirs: object, mine: object): Difference[] {
  const [b, t, m] = [leaves(before), leaves(theirs), leaves(mine)];
  return [...new Set([...b.keys(), ...t.keys(), ...m.keys()])]
    .map((key) => ({ key, before: b.get(key), theirs: t.get(key), mine: m.get(key), conflicts: false }))
    .filter((one) => !same(one.before, one.theirs) || !same(one.before, one.mine))
    .map((one) => ({ ...one, conflicts: !same(one.before, one.theirs) && !same(one.before, one.mine) && !same(one.theirs, one.mine) }));
}

export type Choice = Record<string, 'theirs' | 'mine'>;

// What only one of the two changed is as that one has it; of the rest what was chosen.
export function merged(theirs: object, differences: Difference[], choice: Choice): Record<string, unknown> {
  const result = leaves(theirs);
  for (const one of differences) {
    const isMine = one.conflicts ? choice[one.key] === 'mine' : same(one.before, one.theirs);
    if (isMine) result.set(one.key, one.mine);
  }
  return toObject(result);
}

export function textOf(value: unknown): string {
  if (value === undefined) return '–';
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(', ');
  return String(value);
}
