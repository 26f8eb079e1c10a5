// A file that the API makes, which may take a while and may fail.
import { useState } from 'preact/hooks';
import { t } from '../i18n';

export function SaveButton({ label, save }: { label: string; save: () => Promise<void> }) {
  const [state, setState] = useState<'' | 'waits' | 'failed'>('');
  const run = async () => {
    setState('waits');
    try {
      await save();
      setState('');
    } catch {
      setState('failed');
    }
  };
  return (
    <>
      <button type="button" disabled={state === 'waits'} onClick={run}>{label}</button>
      {state === 'failed' && <span role="alert">{t('error.file')}</span>}
    </>
  );
}
