// Rows of the trace, of one host or of a fleet. Pure.
import type { Schemas } from '../api/client';

type Row = Schemas['TraceRow'];

// What a row is called in an address: in a fleet "mx1-4711", since numbers are each host's own.
export function nameOf(row: { id: number; row?: string }): string {
  return row.row ?? String(row.id);
}

// Only a member of a fleet says whose mail it is.
export function isOfFleet(page: { scope?: string } | undefined): boolean {
  return page?.scope !== undefined;
}

// What came since stands first, the newest above; what was there already is not there twice.
export function withNews(rows: Row[], news: Row[], most: number): Row[] {
  const known = new Set(rows.map((row) => row.id));
  return [...news.filter((row) => !known.has(row.id)).reverse(), ...rows].slice(0, most);
}
