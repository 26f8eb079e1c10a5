// Volumes of a time, by what one wants to know. What is not counted is not shown; nothing is an average.
import { get, type Schemas } from '../api/client';
import * as format from '../format';
import { t } from '../i18n';
import { Chart } from '../parts/chart';
import { Shown, useLoad } from '../parts/load';
import { Empty, Heading, Select, Table } from '../parts/page';
import { type Measure, series, type Series } from '../parts/series';
import { go, href } from '../router';
import type { PageProps } from '../shell';
import { csv, download, shown } from '../text';
import { groupName } from './overview';

const groups = ['connector', 'outbound_connector', 'direction', 'tls', 'protection', 'action', 'rule', 'rule_action'] as const;
const ranges = ['7d', '30d', '90d'] as const;
const rangeKeys = { '7d': 'range.week', '30d': 'range.month', '90d': 'range.quarter' } as const;
const measures: Measure[] = ['messages', 'recipients', 'bytes'];

// Of deliveries nothing but their number is known.
function measuresOf(group: string): Measure[] {
  return group === 'protection' ? ['messages'] : measures;
}

function one<T extends string>(text: string | undefined, of: readonly T[]): T {
  return of.find((value) => value === text) ?? of[0]!;
}

function Totals({ of, group, show }: { of: Series; group: string; show: (value: number) => string }) {
  return (
    <Table label={t('reports.totals')}>
      <thead>
        <tr>
          <th scope="col">{t(`reports.group.${group as (typeof groups)[number]}`)}</th>
          <th scope="col" class="number">{t('reports.total')}</th>
          <th scope="col" class="number">{t('reports.share')}</th>
        </tr>
      </thead>
      <tbody>
        {of.groups.map((line) => (
          <tr key={line.name}>
            <th scope="row">{shown(groupName(group, line.name))}</th>
            <td class="number">{show(line.sum)}</td>
            <td class="number">{format.percent(line.sum, of.sum)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function Reports({ place }: PageProps) {
  const group = one(place.query['group'], groups);
  const since = one(place.query['since'], ranges);
  const measure = one(place.query['measure'], measuresOf(group));
  const change = (more: Record<string, string>) => go(['reports'], { group, since, measure, ...more });
  const report = useLoad(
    (signal) => get<Schemas['Report']>(`api/exchange/reports/${group.startsWith('rule') ? 'rules' : 'connectors'}`, { group, since, interval: 'day' }, signal),
    `${group} ${since}`,
  );
  const show = measure === 'bytes' ? format.size : format.number;
  const save = (data: Schemas['Report']) =>
    download(`${group}.csv`, csv(['day', group, 'messages', 'recipients', 'bytes'],
      data.volumes.map((line) => [line.time, line.group, line.messages, line.recipients, line.bytes])));
  return (
    <>
      <Heading title={t('reports.title')}>
        {report.data && <button type="button" onClick={() => save(report.data!)}>{t('trace.csv')}</button>}
      </Heading>
      <div class="filters">
        <Select label={t('reports.group')} name="group" value={group} onChange={(value) => change({ group: value })}
          options={groups.map((name) => [name, t(`reports.group.${name}`)])} />
        <Select label={t('range')} name="since" value={since} onChange={(value) => change({ since: value })}
          options={[['7d', t('range.week')], ['30d', t('range.month')], ['90d', t('range.quarter')]]} />
        <Select label={t('reports.measure')} name="measure" value={measure} onChange={(value) => change({ measure: value })}
          options={measuresOf(group).map((name) => [name, group === 'protection' ? t('reports.deliveries') : t(name)])} />
      </div>
      {report.error?.status === 409 ? (
        <Empty>
          <p>{t('trace.none-kept')}</p>
          <pre>[trace]{'\n'}store = "sqlite:/var/lib/connectord/trace.db"</pre>
        </Empty>
      ) : (
        <Shown of={report}>
          {(data) => {
            const volumes = series(data, 'day', measure);
            return (
              <>
                <h2>{t(`reports.group.${group}`)}, {t(rangeKeys[since])}</h2>
                <Chart title={t(`reports.group.${group}`)} of={volumes} interval="day" name={(value) => groupName(group, value)} show={show} />
                {volumes.sum > 0 && <Totals of={volumes} group={group} show={show} />}
              </>
            );
          }}
        </Shown>
      )}
      <p class="faint">{t('reports.days-utc')}</p>
      <p><a href={href(['reports', 'dmarc'])}>{t('sent.title')}</a></p>
    </>
  );
}
