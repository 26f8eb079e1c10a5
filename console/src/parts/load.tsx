// What a page asks the API for, while it waits, and what is said where that fails.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { t } from '../i18n';
import { shown } from '../text';

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  waits: boolean;
  again: () => void;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, String(error));
}

// Asks anew when `key` changes. What was there stays until there is more. Where nobody answers, it is asked again by
// itself: the daemon may be about to come back.
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, key: string): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: ApiError; waits: boolean }>({ key, waits: true });
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((n) => n + 1), []);
  useEffect(() => {
    const ended = new AbortController();
    let retry: number | undefined;
    setState((old) => (old.key === key ? { ...old, waits: true } : { key, waits: true }));
    load(ended.signal).then(
      (data) => setState({ key, data, waits: false }),
      (reason: unknown) => {
        if (ended.signal.aborted) return;
        const error = asApiError(reason);
        setState((old) => ({ ...old, error, waits: false }));
        if (error.status === 0) retry = window.setTimeout(again, 3000);
      },
    );
    return () => {
      ended.abort();
      clearTimeout(retry);
    };
  }, [key, round]);
  const current = state.key === key ? state : { key, waits: true, data: undefined, error: undefined };
  return { data: current.data, error: current.error, waits: current.waits, again };
}

export function Problem({ error, again }: { error: ApiError; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{error.status === 0 ? t('error.no-answer') : shown(error.message)}</p>
      {error.errors.length > 0 && (
        <ul>
          {error.errors.map((one) => (
            <li key={one.field + one.message}>
              {one.field && <code>{shown(one.field)}</code>} {shown(one.message)}
            </li>
          ))}
        </ul>
      )}
      {again && error.status !== 0 && (
        <button type="button" onClick={again}>
          {t('error.again')}
        </button>
      )}
    </div>
  );
}

// The words come only where it takes longer than a moment (style.css).
export function Waiting() {
  return (
    <p class="waiting" role="status">
      {t('waiting')}
    </p>
  );
}

// What is there, or what there is to say instead.
export function Shown<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  return (
    <div aria-busy={of.waits}>
      {of.error && <Problem error={of.error} again={of.again} />}
      {of.data === undefined && of.waits && !of.error && <Waiting />}
      {of.data !== undefined && children(of.data)}
    </div>
  );
}
