// Searches that somebody made or keeps, in this browser: the last ten by themselves, others by a name.
export interface Search {
  name: string;
  filters: Record<string, string>;
}

export interface Saved {
  named: Search[];
  last: Search[];
}

const key = 'connectord.searches';
const most = 10;
const mostNamed = 50;

function isSearch(value: unknown): value is Search {
  const one = value as Partial<Search> | null;
  return typeof one?.name === 'string' && typeof one.filters === 'object' && one.filters !== null
    && Object.values(one.filters).every((text) => typeof text === 'string');
}

// What is stored, as far as it is what we store: others of this origin may write there too. Pure.
export function parseSaved(text: string | null): Saved {
  try {
    const stored = JSON.parse(text ?? '{}') as Partial<Saved> | null;
    const list = (value: unknown, length: number) => (Array.isArray(value) ? value.filter(isSearch).slice(0, length) : []);
    return { named: list(stored?.named, mostNamed), last: list(stored?.last, most) };
  } catch {
    return { named: [], last: [] };
  }
}

// The newest first, each once; a time alone is no search. Pure.
export function withLast(saved: Saved, filters: Record<string, string>): Saved {
  if (Object.keys(filters).every((name) => name === 'since')) return saved;
  const text = JSON.stringify(filters);
  const others = saved.last.filter((one) => JSON.stringify(one.filters) !== text);
  return { ...saved, last: [{ name: '', filters }, ...others].slice(0, most) };
}

export function titleOf(filters: Record<string, string>): string {
  return Object.entries(filters).map(([name, value]) => `${name}=${value}`).join(' ');
}

export function readSaved(): Saved {
  return parseSaved(localStorage.getItem(key));
}

export function keep(saved: Saved): Saved {
  const kept = { ...saved, named: saved.named.slice(-mostNamed) };
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing has them until the page is closed.
  }
  return kept;
}

export function remember(filters: Record<string, string>): Saved {
  return keep(withLast(readSaved(), filters));
}
