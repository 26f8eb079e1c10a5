// Why connectord does not look at the machine itself, and who does.
import { t } from '../i18n';
import { Empty } from './page';
import { Remedy } from './remedy';

export function AsRoot({ command }: { command: string }) {
  return (
    <Empty>
      <p>{t('as-root.why')}</p>
      <p>{t('as-root.instead')}</p>
      <Remedy text={command} />
      <p>{t('as-root.for-good')}</p>
      <Remedy text={'[server]\nuser = "connectord"'} />
    </Empty>
  );
}
