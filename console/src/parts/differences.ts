// Connectors as lists of keys. Pure.

// "require.certificate.subject" and what it says, for each value that is no table.
export function settings(object: object, prefix = ''): [string, string][] {
  return Object.entries(object).flatMap(([key, value]): [string, string][] => {
    if (Array.isArray(value)) return [[prefix + key, value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(', ')]];
    if (typeof value === 'object' && value !== null) return settings(value, `${prefix}${key}.`);
    return [[prefix + key, String(value)]];
  });
}

// The keys that say something else than before.
export function differences(before: unknown, after: unknown): { key: string; from: string; to: string }[] {
  const table = (value: unknown) => new Map(typeof value === 'object' && value !== null ? settings(value) : []);
  const [old, now] = [table(before), table(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => ({ key, from: old.get(key) ?? '', to: now.get(key) ?? '' }));
}
