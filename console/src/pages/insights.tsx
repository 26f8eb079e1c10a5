// What a person should look at: with what it was come to, the mail, and what mends it.
import { useEffect, useState } from 'preact/hooks';
import { type ApiError, asError, ask, get, type Schemas } from '../api/client';
import * as format from '../format';
import { t, word } from '../i18n';
import { Problem, Shown, useLoad } from '../parts/load';
import { Badge, Empty, Field, Heading, Select, Time, ZoneNote } from '../parts/page';
import { Remedy } from '../parts/remedy';
import { href } from '../router';
import { useMay } from '../session';
import { shown } from '../text';
import { whatOf, whyOf } from './insight_text';

export type Insight = Schemas['Insight'];
type List = Schemas['InsightList'];

// What is given out at once may have been judged a while ago; it is being judged anew then.
export function useInsights() {
  const list = useLoad((signal) => get<List>('api/exchange/insights', {}, signal), '');
  const judged = list.data?.time;
  useEffect(() => {
    if (judged === undefined || Date.now() - Date.parse(judged) < 20_000) return undefined;
    const timer = setTimeout(list.again, 5000);
    return () => clearTimeout(timer);
  }, [judged]);
  return list;
}

function mutePath(insight: Insight): string {
  return `api/exchange/insights/${encodeURIComponent(insight.id)}/mute`;
}

function Evidence({ of }: { of: Insight['evidence'] }) {
  if (of.length === 0) return null;
  return (
    <ul class="legend">
      {of.map((one) => (
        <li key={one.what}>
          {shown(word('evidence', one.what))}: <strong>{format.number(one.count)}</strong>
          {one.all !== null && ` ${t('insights.of', { all: one.all })}, ${format.percent(one.count, one.all)}`}
        </li>
      ))}
    </ul>
  );
}

const spans: [string, number][] = [['range.day', 1], ['range.week', 7], ['range.month', 30]];

function MuteForm({ insight, onDone }: { insight: Insight; onDone: () => void }) {
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('7');
  const [error, setError] = useState<ApiError | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    const until = new Date(Date.now() + Number(days) * 86_400_000).toISOString().replace(/\.\d+/, '');
    try {
      await ask(mutePath(insight), { method: 'POST', body: { reason, until } });
      onDone();
    } catch (problem) {
      setError(asError(problem));
    }
  };
  const name = insight.id.replaceAll(/[^\w]/g, '-');
  return (
    <form class="filters" onSubmit={send}>
      {error && <Problem error={error} />}
      <Field label={t('insights.reason')} name={`reason-${name}`}>
        {(ids) => <input {...ids} required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
      </Field>
      <Select label={t('insights.until')} name={`until-${name}`} value={days} onChange={setDays}
        options={spans.map(([, n]) => [String(n), t('insights.days', { n })])} />
      <button type="submit">{t('insights.mute')}</button>
    </form>
  );
}

function Muting({ insight, again }: { insight: Insight; again: () => void }) {
  const mayMute = useMay('operate');
  const { muted } = insight;
  const [error, setError] = useState<ApiError | null>(null);
  const end = () => void ask(mutePath(insight), { method: 'DELETE' }).then(again, (reason) => setError(asError(reason)));
  if (muted) {
    return (
      <>
        {error && <Problem error={error} />}
        <p class="faint">
          {t('insights.muted', { who: shown(muted.who), reason: shown(muted.reason) })} <Time of={muted.until} />{' '}
          {mayMute && <button type="button" onClick={end}>{t('insights.unmute')}</button>}
        </p>
      </>
    );
  }
  if (!mayMute) return null;
  return (
    <details>
      <summary>{t('insights.mute')}</summary>
      <MuteForm insight={insight} onDone={again} />
    </details>
  );
}

function Links({ insight }: { insight: Insight }) {
  return (
    <p class="links">
      {insight.search && <a href={href(['trace'], insight.search)}>{t('insights.mail')}</a>}
      {insight.connector && insight.direction && (
        <a href={href(['connectors', insight.direction, insight.connector])}>{t('connector')} {shown(insight.connector)}</a>
      )}
      {insight.examples.map((row, index) => (
        <a key={row} href={href(['trace', row])}>{t('insights.example', { n: index + 1 })}</a>
      ))}
    </p>
  );
}

function Card({ insight, again }: { insight: Insight; again: () => void }) {
  const why = whyOf(insight);
  return (
    <li class="card">
      <h2>
        <Badge group="severity" value={insight.severity} /> {word('insight', insight.name)}
      </h2>
      <p>{whatOf(insight)}</p>
      {why && <p class="faint">{why}</p>}
      <Evidence of={insight.evidence} />
      <Links insight={insight} />
      <Remedy text={insight.write} />
      <Muting insight={insight} again={again} />
    </li>
  );
}

function Cards({ list, again }: { list: Insight[]; again: () => void }) {
  return (
    <ul class="cards">
      {list.map((one) => <Card key={one.id} insight={one} again={again} />)}
    </ul>
  );
}

function NotLookedAt({ list }: { list: List['not_looked_at'] }) {
  return (
    <>
      {list.map((one) => (
        <p class="faint" key={one.area}>{t('insights.not-looked-at', { area: word('area', one.area) })} {shown(one.why)}</p>
      ))}
    </>
  );
}

export function Insights() {
  const list = useInsights();
  return (
    <>
      <Heading title={t('insights.title')}>
        <button type="button" disabled={list.waits} onClick={list.again}>{t('doctor.again')}</button>
      </Heading>
      <p class="lead">{t('insights.lead')}</p>
      <Shown of={list}>
        {(data) => {
          const open = data.insights.filter((one) => !one.muted);
          const muted = data.insights.filter((one) => one.muted);
          return (
            <>
              <p role="status">{t('insights.count', { n: open.length })}</p>
              {open.length === 0 && <Empty><p>{t('insights.none')}</p></Empty>}
              <Cards list={open} again={list.again} />
              {muted.length > 0 && (
                <details>
                  <summary>{t('insights.muted-ones', { n: muted.length })}</summary>
                  <Cards list={muted} again={list.again} />
                </details>
              )}
              <NotLookedAt list={data.not_looked_at} />
            </>
          );
        }}
      </Shown>
      <ZoneNote />
    </>
  );
}

// What stands first on the overview.
export function TopInsights() {
  const list = useInsights();
  const most = 3;
  return (
    <section aria-labelledby="insights">
      <h2 id="insights">{t('insights.title')}</h2>
      <Shown of={list}>
        {(data) => {
          const open = data.insights.filter((one) => !one.muted);
          if (open.length === 0) return <p>{t('insights.none')}</p>;
          return (
            <ul class="cards">
              {open.slice(0, most).map((one) => (
                <li class="card" key={one.id}>
                  <p>
                    <Badge group="severity" value={one.severity} /> {whatOf(one)}
                  </p>
                  <Links insight={one} />
                </li>
              ))}
              <li><a href={href(['insights'])}>{t('insights.all', { n: open.length })}</a></li>
            </ul>
          );
        }}
      </Shown>
    </section>
  );
}
