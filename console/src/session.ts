// Who is logged in, for all pages.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, Schemas } from './api/client';
import { ask, get, secret } from './api/client';

export type Session = Schemas['Session'];

const ranks: Role[] = ['read', 'operate', 'admin'];

export const SessionContext = createContext<Session | null>(null);

// Whether the role of who is logged in may do what needs this one.
export function useMay(needed: Role): boolean {
  const session = useContext(SessionContext);
  return session !== null && ranks.indexOf(session.role) >= ranks.indexOf(needed);
}

// Makes a session of a token, or of a link's secret.
export async function logIn(bearer: string): Promise<void> {
  const begun = await ask<Schemas['BegunSession']>('api/session', { method: 'POST', bearer });
  secret.set(begun.data.secret);
}

export async function logOut(): Promise<void> {
  try {
    await ask('api/session', { method: 'DELETE' });
  } finally {
    secret.forget();
  }
}

export function readSession(): Promise<Session> {
  return get<Session>('api/session');
}

// The secret of a link that opened the page; it is taken out of the address at once.
export function takeLink(): string | null {
  const found = /^#link=([A-Za-z0-9_]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, '', location.pathname);
  return found[1]!;
}
