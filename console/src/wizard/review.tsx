// The wizard's last step: what will be written, and what it would have done with past mail.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, type Schemas } from '../api/client';
import * as format from '../format';
import { type Key, t } from '../i18n';
import { Problem, Waiting } from '../parts/load';
import { Table, Time } from '../parts/page';
import { href } from '../router';
import { shown } from '../text';
import type { Connector } from './draft';

type Backtest = Schemas['Backtest'];
type Change = keyof Backtest['changes'];

function Groups({ groups }: { groups: Backtest['groups'] }) {
  return (
    <Table label={t('backtest.title')}>
      <thead>
        <tr>
          <th scope="col">{t('backtest.change')}</th>
          <th scope="col">{t('backtest.from')}</th>
          <th scope="col" class="number">{t('messages')}</th>
          <th scope="col">{t('backtest.why')}</th>
          <th scope="col">{t('backtest.example')}</th>
        </tr>
      </thead>
      <tbody>
        {groups.slice(0, 50).map((group) => {
          const example = group.examples[0];
          return (
            <tr key={`${group.change} ${group.sender_domain} ${group.client_address ?? ''}`}>
              <td>{t(`backtest.${group.change}` as Key)}</td>
              <td>
                {shown(group.sender_domain || '<>')} {group.client_address}
              </td>
              <td class="number">{format.number(group.messages)}</td>
              <td>{shown(example?.why ?? '')}</td>
              <td>
                {example && (
                  <a href={href(['trace', String(example.id)])} target="_blank" rel="opener">
                    <Time of={example.time} />
                  </a>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function Result({ of }: { of: Backtest }) {
  const changed = (Object.entries(of.changes) as [Change, number][]).filter(([, count]) => count > 0);
  const sum = changed.reduce((total, [, count]) => total + count, 0);
  return (
    <div role="status">
      <p>
        <strong>{t('backtest.result', { n: of.messages, same: of.messages - sum, changed: sum })}</strong>
      </p>
      {of.messages === 0 && <p class="faint">{t('backtest.no-mail')}</p>}
      <ul>
        {changed.map(([change, count]) => (
          <li key={change}>
            {format.number(count)} {t(`backtest.${change}` as Key)}
          </li>
        ))}
      </ul>
      {of.groups.length > 0 && <Groups groups={of.groups} />}
    </div>
  );
}

export function PastMail({ connector, level: Level = 'h3' }: { connector: Connector; level?: 'h2' | 'h3' }) {
  const [since, setSince] = useState('7d');
  const [result, setResult] = useState<Backtest | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [waits, setWaits] = useState(false);
  const run = async () => {
    setWaits(true);
    setError(null);
    // What it would do once it is enforced and switched on is the question.
    const enforced = { ...connector, enabled: true, ...(connector.direction === 'inbound' ? { mode: 'enforce' } : {}) };
    try {
      setResult((await ask<Backtest>('api/exchange/backtest', { method: 'POST', query: { since }, body: enforced })).data);
    } catch (reason) {
      setError(asError(reason));
    }
    setWaits(false);
  };
  return (
    <section aria-labelledby="past">
      <Level id="past">{t('backtest.title')}</Level>
      <p>{t('backtest.lead')}</p>
      <div class="filters">
        <div class="field">
          <label for="field-since">{t('backtest.since')}</label>
          <select id="field-since" value={since} onChange={(event) => setSince(event.currentTarget.value)}>
            <option value="1d">{t('range.day')}</option>
            <option value="7d">{t('range.week')}</option>
            <option value="30d">{t('range.month')}</option>
          </select>
        </div>
        <button type="button" disabled={waits} onClick={run}>{t('backtest.run')}</button>
      </div>
      {waits && <Waiting />}
      {error && <Problem error={error} />}
      {result && !waits && <Result of={result} />}
    </section>
  );
}

export function Review({ connector, checked }: { connector: Connector; checked: Schemas['Checked'] }) {
  return (
    <>
      <p class="lead">{t('wizard.review.lead', { file: checked.file })}</p>
      {checked.warnings.length > 0 && (
        <ul class="notice warn">
          {checked.warnings.map((one) => <li key={one}>{shown(one)}</li>)}
        </ul>
      )}
      <pre tabIndex={0} aria-label={t('wizard.review.text')}>{shown(checked.toml.replace(/^#.*\n/, '')).replaceAll('\\u{a}', '\n')}</pre>
      {connector.direction === 'inbound' && <PastMail connector={connector} />}
    </>
  );
}
