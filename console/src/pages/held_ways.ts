// What the page of held mail makes of the API's answers.
import type { Schemas } from '../api/client';
import type { Key } from '../i18n';

export type HeldMessage = Schemas['HeldMessage'];

export interface Obstacle {
  words: Key;
  remedy: string;
}

const byRoot = 'connectorctl held list';

// Why nothing is listed or done, and what mends it; null where the API's own words are all there is to say.
export function obstacleOf(status: number, detail: string): Obstacle | null {
  if (status === 409) return { words: 'held.no-trace', remedy: '[trace]\nstore = "sqlite:/var/lib/connectord/trace.db"' };
  if (status === 501) return { words: 'held.not-looked-at', remedy: byRoot };
  if (status !== 503) return null;
  const lacksHelper = /connectord-held does not (answer|listen)/.test(detail);
  return lacksHelper ? { words: 'held.no-helper', remedy: 'systemctl enable --now connectord-held.socket' } : { words: 'held.not-now', remedy: byRoot };
}

export function newestFirst(messages: HeldMessage[]): HeldMessage[] {
  return [...messages].sort((a, b) => b.time.localeCompare(a.time));
}

// A message may have a thousand recipients; so many are shown at once.
const shownAtOnce = 3;

export function split(recipients: string[]): { first: string[]; rest: string[] } {
  // One more takes no more room than the words about it.
  const count = recipients.length === shownAtOnce + 1 ? recipients.length : shownAtOnce;
  return { first: recipients.slice(0, count), rest: recipients.slice(count) };
}

// What people call the message. Where the trace keeps no subjects, there is its queue ID.
export function nameOf(message: HeldMessage): string {
  return message.subject || message.queue_id;
}
