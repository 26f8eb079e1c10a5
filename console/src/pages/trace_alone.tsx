// Where a fleet's member shows its own mail in place of that of all hosts.
import { t } from '../i18n';
import { shown } from '../text';

export function Alone({ page }: { page: { scope?: string; why_this_host?: string | null } }) {
  if (page.scope !== 'this host') return null;
  return (
    <p class="notice warn" role="status">
      {t('trace.alone')}
      {page.why_this_host && <><br /><small>{shown(page.why_this_host)}</small></>}
    </p>
  );
}
