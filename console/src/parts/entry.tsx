// What the pages of one connector and of one rule have alike.
import type { ApiError } from '../api/client';
import { t } from '../i18n';
import { settings } from './differences';
import { shown } from '../text';
import { Problem } from './load';
import { Table } from './page';

export function Settings({ of, hidden }: { of: object; hidden: string[] }) {
  return (
    <section aria-labelledby="settings">
      <h2 id="settings">{t('connector.settings')}</h2>
      <Table label={t('connector.settings')}>
        <thead>
          <tr>
            <th scope="col">{t('connector.key')}</th>
            <th scope="col">{t('connector.value')}</th>
          </tr>
        </thead>
        <tbody>
          {settings(of).filter(([key]) => !hidden.includes(key)).map(([key, value]) => (
            <tr key={key}>
              <th scope="row"><code>{key}</code></th>
              <td>{shown(value)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

// Why nothing was done; where somebody else was faster (412), it can be read again.
export function NotDone({ error, again }: { error: ApiError | null; again: () => void }) {
  return (
    <>
      {error && <Problem error={error} />}
      {error?.status === 412 && <p><button type="button" onClick={again}>{t('connector.read-again')}</button></p>}
    </>
  );
}
