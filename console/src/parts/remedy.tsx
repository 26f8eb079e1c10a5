// A line to paste, with a button that copies it.
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { shown } from '../text';

function Copy({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  // Only where the browser takes the page for secure.
  if (!('clipboard' in navigator)) return null;
  return (
    <button type="button" onClick={() => void navigator.clipboard.writeText(text).then(() => setDone(true), () => {})}>
      {t(done ? 'copied' : 'copy')}
    </button>
  );
}

export function Remedy({ text }: { text: string }) {
  if (!text) return null;
  return (
    <div class="remedy">
      <pre tabIndex={0} role="group" aria-label={t('doctor.remedy')}>{text.split('\n').map(shown).join('\n')}</pre>
      <Copy text={text} />
    </div>
  );
}
