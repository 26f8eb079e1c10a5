import { useState } from 'preact/hooks';
import type { ApiError } from './api/client';
import { t } from './i18n';
import { Problem } from './parts/load';
import { Field } from './parts/page';

export function Login({ problem, onToken }: { problem: ApiError | 'ended' | null; onToken: (token: string) => Promise<void> }) {
  const [token, setToken] = useState('');
  const [waits, setWaits] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setWaits(true);
    await onToken(token.trim());
    setWaits(false);
  };
  document.title = `${t('login.title')} – connectord`;
  return (
    <main class="login">
      <h1>{t('login.title')}</h1>
      {problem === 'ended' && (
        <p class="notice warn" role="alert">
          {t('login.ended')}
        </p>
      )}
      {problem && problem !== 'ended' && <Problem error={problem} />}
      <form onSubmit={submit}>
        <Field label={t('login.token')} help={t('login.token-help')} name="token">
          {(ids) => (
            <input {...ids} type="password" autocomplete="off" required spellcheck={false} value={token}
              onInput={(event) => setToken(event.currentTarget.value)} />
          )}
        </Field>
        <button type="submit" class="primary" disabled={waits}>
          {t('login.submit')}
        </button>
      </form>
      <p class="faint">
        {t('login.or-link')} <code>connectorctl console</code>
      </p>
    </main>
  );
}
