// What is the case now: how connectord is, how much mail came, and what waits.
import { useState } from 'preact/hooks';
import { ApiError, get, type Schemas } from '../api/client';
import * as format from '../format';
import { t, word } from '../i18n';
import { Chart } from '../parts/chart';
import { Problem, Shown, useLoad } from '../parts/load';
import { Badge, Empty, Facts, Heading, Table, Time, ZoneNote } from '../parts/page';
import { series } from '../parts/series';
import { href } from '../router';
import { shown } from '../text';
import { TopInsights } from './insights';

type Group = 'action' | 'tls' | 'connector';
const ranges = { day: { since: '24h', interval: 'hour' }, week: { since: '7d', interval: 'day' }, month: { since: '30d', interval: 'day' } } as const;
type Range = keyof typeof ranges;

export function groupName(group: string, value: string): string {
  if (group === 'protection') return word('protection', value);
  if (value === '' || value === 'none') return group === 'tls' ? t('tls.none') : t('none');
  return group === 'action' ? word('action', value) : value;
}

function State() {
  const health = useLoad((signal) => get<Schemas['Health']>('health', {}, signal), 'health');
  return (
    <section aria-labelledby="state">
      <h2 id="state">{t('overview.state')}</h2>
      <Shown of={health}>
        {(now) => (
          <>
            {now.reload?.failed && (
              <div class="notice bad">
                <p>{t('overview.reload-failed')}</p>
                <ul>{now.reload.problems?.map((one) => <li key={one}>{shown(one)}</li>)}</ul>
              </div>
            )}
            {now.trace && !now.trace.writable && (
              <p class="notice bad">
                {t('overview.trace-not-writable')} {shown(now.trace.reason ?? '')}
              </p>
            )}
            <Facts
              rows={[
                [t('overview.status'), <Badge group="health" value={now.status} />],
                [t('overview.started'), <Time of={now.started} />],
                [t('overview.generation'), now.configuration && (
                  <>
                    {format.number(now.configuration.generation)}, <Time of={now.configuration.loaded} />
                  </>
                )],
                [t('overview.last-change'), now.configuration?.last_change ?? ''],
                [t('overview.waits'), now.configuration?.waits_for_restart?.join(', ') ?? ''],
                [t('overview.mta'), [now.mta?.version, now.mta?.host].filter(Boolean).join(', ')],
                [t('overview.last-mail'), now.milter && <Time of={now.milter.last} />],
              ]}
            />
          </>
        )}
      </Shown>
    </section>
  );
}

function Volume({ range, group, heading }: { range: Range; group: Group; heading: string }) {
  const { since, interval } = ranges[range];
  const report = useLoad(
    (signal) => get<Schemas['Report']>('api/exchange/reports/connectors', { group, since, interval }, signal),
    `${group} ${range}`,
  );
  const id = `volume-${group}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{heading}</h2>
      {report.error?.status === 409 ? (
        <Empty>
          <p>{t('trace.none-kept')}</p>
        </Empty>
      ) : (
        <Shown of={report}>
          {(data) => <Chart title={heading} of={series(data, interval, 'messages')} interval={interval} name={(value) => groupName(group, value)} />}
        </Shown>
      )}
    </section>
  );
}

function QueueTable({ queue }: { queue: Schemas['Queue'] }) {
  if (queue.next_hops.length === 0) return <p>{t('queue.empty')}</p>;
  return (
    <Table label={t('queue.title')}>
      <thead>
        <tr>
          <th scope="col">{t('queue.next-hop')}</th>
          <th scope="col">{t('connector')}</th>
          <th scope="col" class="number">{t('queue.messages')}</th>
          <th scope="col">{t('queue.oldest')}</th>
          <th scope="col">{t('queue.last-error')}</th>
        </tr>
      </thead>
      <tbody>
        {queue.next_hops.map((line) => (
          <tr key={`${line.connector ?? ''} ${line.next_hop}`}>
            <th scope="row">{shown(line.next_hop)}</th>
            <td>{line.connector ?? '–'}</td>
            <td class="number">
              {format.number(line.messages)}
              {line.held > 0 && ` (${t('queue.held', { n: line.held })})`}
            </td>
            <td>
              <Time of={line.oldest} />
            </td>
            <td>{shown(line.last_error ?? '–')}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Queue() {
  const queue = useLoad((signal) => get<Schemas['Queue']>('api/exchange/queue', {}, signal), 'queue');
  const notSeen = queue.error instanceof ApiError && queue.error.status === 503;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">{t('queue.title')}</h2>
      {notSeen ? (
        <div class="notice">
          <p>{t('queue.not-known')}</p>
          <p class="faint">{shown(queue.error!.message)}</p>
        </div>
      ) : queue.error ? (
        <Problem error={queue.error} again={queue.again} />
      ) : (
        <Shown of={queue}>{(data) => <QueueTable queue={data} />}</Shown>
      )}
    </section>
  );
}

export function Overview() {
  const [range, setRange] = useState<Range>('day');
  return (
    <>
      <Heading title={t('overview.title')}>
        <a class="button" href={href(['trace'])}>
          {t('overview.find')}
        </a>
      </Heading>
      <TopInsights />
      <State />
      <fieldset class="segments">
        <legend>{t('range')}</legend>
        {(Object.keys(ranges) as Range[]).map((one) => (
          <label key={one}>
            <input type="radio" name="range" checked={range === one} onChange={() => setRange(one)} /> {t(`range.${one}`)}
          </label>
        ))}
      </fieldset>
      <Volume range={range} group="action" heading={t('overview.by-action')} />
      <div class="columns">
        <Volume range={range} group="tls" heading={t('overview.by-tls')} />
        <Volume range={range} group="connector" heading={t('overview.by-connector')} />
      </div>
      <Queue />
      <ZoneNote />
    </>
  );
}
