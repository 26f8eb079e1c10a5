// The trace's filters, as the address has them and as the API takes them. Pure.
export const filterNames = ['word', 'sender', 'recipient', 'connector', 'host', 'rule', 'status', 'action', 'direction', 'client', 'author',
  'message_id', 'queue_id', 'since', 'until'] as const;
export type Filters = Record<(typeof filterNames)[number], string>;

const usual = '2d';

export function filtersOf(query: Record<string, string>): Filters {
  const filters = Object.fromEntries(filterNames.map((name) => [name, query[name]?.trim() ?? ''])) as Filters;
  return { ...filters, since: filters.since || usual };
}

// Without what is empty.
export function queryOf(filters: Filters): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
}

// What became of mail, in the words that people and the filter use (trace/entry.h has the others).
export function spokenStatus(status: string, action: string): string {
  if (status === 'failed') return action === 'reject' ? 'refused' : action === 'defer' ? 'deferred' : 'bounced';
  if (status === 'pending') return 'deferred';
  return status === 'getting_status' && action === 'accept' ? 'accepted' : status;
}
