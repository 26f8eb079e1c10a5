// English as no language has it: longer, with accents, in brackets. A text without brackets is in no catalogue, and one
// that is cut shows its missing bracket. Pure.
const accents: Record<string, string> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', O: 'Ó', n: 'ñ', s: 'š', c: 'ç' };

export function pseudoText(text: string): string {
  const accented = text.split(/(\{\w+\})/).map((part, index) => (index % 2 ? part : part.replace(/[aeiouAEOnsc]/g, (c) => accents[c]!)));
  return `⟦${accented.join('')}${'~'.repeat(Math.ceil(text.length / 4))}⟧`;
}

export function pseudo<C extends Record<string, string>>(catalogue: C): Record<keyof C, string> {
  return Object.fromEntries(Object.entries(catalogue).map(([key, text]) => [key, pseudoText(text)])) as Record<keyof C, string>;
}
