// All transport rules in their order, with what they matched.
import { get, type Schemas } from '../api/client';
import * as format from '../format';
import { t } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { Badge, Empty, Field, Heading, Select, Table } from '../parts/page';
import { go, href } from '../router';
import { useMay } from '../session';
import type { PageProps } from '../shell';
import { shown } from '../text';

type Listed = Schemas['ListedRule'];
type Hits = Map<string, number> | null; // null: no trace is kept

async function readHits(signal: AbortSignal): Promise<Hits> {
  try {
    const report = await get<Schemas['Report']>('api/exchange/reports/rules', { group: 'rule', since: '7d', interval: 'whole' }, signal);
    return new Map(report.volumes.map((one) => [one.group, one.messages]));
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

function Row({ rule, hits }: { rule: Listed; hits: Hits }) {
  const count = hits?.get(rule.name) ?? 0;
  return (
    <tr>
      <td class="number">{format.number(rule.priority)}</td>
      <th scope="row">
        <a href={href(['rules', rule.name])}>{shown(rule.name)}</a>
        {rule.comment && <small>{shown(rule.comment)}</small>}
      </th>
      <td>
        <Badge group="status" value={rule.enabled ? 'enabled' : 'disabled'} /> {rule.mode === 'audit' && <Badge group="mode" value="audit" />}
      </td>
      <td>{rule.actions.map(shown).join(', ')}</td>
      <td class="number">
        {hits === null ? '–' : count === 0 ? '0' : <a href={href(['trace'], { rule: rule.name, since: '7d' })}>{format.number(count)}</a>}
      </td>
    </tr>
  );
}

export function Rules({ place }: PageProps) {
  const { text, status, mode } = place.query;
  const mayCreate = useMay('admin');
  const query = { text, status, mode };
  const list = useLoad(
    async (signal) => {
      const [rules, hits] = await Promise.all([get<Schemas['RuleList']>('api/exchange/rules', query, signal), readHits(signal)]);
      return { rules: rules.rules, hits };
    },
    JSON.stringify(query),
  );
  const filter = (more: Record<string, string>) => go(['rules'], { ...query, ...more });
  const create = mayCreate && <a class="button primary" href={href(['rules', 'new'])}>{t('rules.create')}</a>;
  return (
    <>
      <Heading title={t('rules.title')}>{create}</Heading>
      <p class="lead">{t('rules.lead')}</p>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Field label={t('connectors.filter.text')} name="text">
          {(ids) => <input {...ids} type="search" value={text ?? ''} onChange={(event) => filter({ text: event.currentTarget.value })} />}
        </Field>
        <Select label={t('connectors.column.status')} name="status" value={status ?? ''} onChange={(value) => filter({ status: value })}
          options={[['', t('any')], ['enabled', t('status.enabled')], ['disabled', t('status.disabled')]]} />
        <Select label={t('rules.mode')} name="mode" value={mode ?? ''} onChange={(value) => filter({ mode: value })}
          options={[['', t('any')], ['enforce', t('mode.enforce')], ['audit', t('mode.audit')]]} />
      </form>
      <Shown of={list}>
        {({ rules, hits }) =>
          rules.length === 0 ? (
            <Empty>
              <p>{t(text || status || mode ? 'rules.none-found' : 'rules.none')}</p>
              {!(text || status || mode) && create}
            </Empty>
          ) : (
            <>
              <p class="faint" role="status">{t('rules.count', { n: rules.length })}</p>
              <Table label={t('rules.title')}>
                <thead>
                  <tr>
                    <th scope="col" class="number">{t('rules.column.priority')}</th>
                    <th scope="col">{t('rules.column.name')}</th>
                    <th scope="col">{t('connectors.column.status')}</th>
                    <th scope="col">{t('rules.column.actions')}</th>
                    <th scope="col" class="number">{t('rules.column.hits')}</th>
                  </tr>
                </thead>
                <tbody>{rules.map((rule) => <Row key={rule.name} rule={rule} hits={hits} />)}</tbody>
              </Table>
            </>
          )
        }
      </Shown>
    </>
  );
}
