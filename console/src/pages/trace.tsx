// Finding messages. All filters stand in the address, so that a search is a link.
import { useEffect, useState } from 'preact/hooks';
import { get, getFile, type Schemas } from '../api/client';
import { type Key, t, word } from '../i18n';
import { Problem, Shown, useLoad } from '../parts/load';
import { Badge, Empty, Field, Heading, Select, Table, Time, ZoneNote } from '../parts/page';
import { SaveButton } from '../parts/save_button';
import { go, href } from '../router';
import type { PageProps } from '../shell';
import { download, shown } from '../text';
import { Alone } from './trace_alone';
import { keep, readSaved, remember, type Saved, type Search, titleOf } from './trace_saved';
import { type Filters, filtersOf, queryOf, spokenStatus } from './trace_filters';
import { isOfFleet, nameOf, withNews } from './trace_rows';

type Row = Schemas['TraceRow'];
type Page = Schemas['TracePage'];

const pageLength = 50;
const longestFollowed = 500;

function Csv({ filters }: { filters: Filters }) {
  const save = async () => download('messages.csv', await getFile('api/exchange/messagetrace.csv', queryOf(filters)));
  return <SaveButton label={t('trace.csv')} save={save} />;
}

function TextFilter({ name, value, onChange }: { name: keyof Filters; value: string; onChange: (value: string) => void }) {
  return (
    <Field label={t(`trace.filter.${name}` as Key)} name={name}>
      {(ids) => <input {...ids} type="search" spellcheck={false} autocomplete="off" value={value} onInput={(event) => onChange(event.currentTarget.value)} />}
    </Field>
  );
}

function choices(group: string, words: string[]): [string, string][] {
  return [['', t('any')], ...words.map((one): [string, string] => [one, word(group, one)])];
}

const more: (keyof Filters)[] = ['rule', 'author', 'client', 'message_id', 'queue_id'];
const times: [string, Key][] = [['1h', 'range.hour'], ['24h', 'range.day'], ['2d', 'range.two-days'], ['7d', 'range.week'], ['30d', 'range.month'], ['90d', 'range.quarter']];

function FilterForm({ filters, fleet }: { filters: Filters; fleet: boolean }) {
  const [draft, setDraft] = useState<Filters>(filters);
  const set = (name: keyof Filters) => (value: string) => setDraft((old) => ({ ...old, [name]: value }));
  const known = times.some(([value]) => value === draft.since);
  return (
    <form class="filters" role="search" onSubmit={(event) => {
      event.preventDefault();
      go(['trace'], draft);
    }}>
      {(['word', 'sender', 'recipient', 'connector'] as const).map((name) => (
        <TextFilter key={name} name={name} value={draft[name]} onChange={set(name)} />
      ))}
      {(fleet || filters.host) && <TextFilter name="host" value={draft.host} onChange={set('host')} />}
      <Select label={t('trace.filter.status')} name="status" value={draft.status} onChange={set('status')}
        options={choices('trace-status', ['accepted', 'delivered', 'deferred', 'bounced', 'refused', 'quarantined', 'expanded'])} />
      <Select label={t('trace.filter.since')} name="since" value={draft.since} onChange={set('since')}
        options={[...times.map(([value, key]): [string, string] => [value, t(key)]), ...(known ? [] : [[draft.since, draft.since] as [string, string]])]} />
      <details class="more" open={more.some((name) => filters[name]) || Boolean(filters.action || filters.direction)}>
        <summary>{t('trace.more')}</summary>
        <div class="filters">
          {more.map((name) => <TextFilter key={name} name={name} value={draft[name]} onChange={set(name)} />)}
          <Select label={t('trace.filter.action')} name="action" value={draft.action} onChange={set('action')}
            options={choices('action', ['accept', 'reject', 'defer', 'quarantine'])} />
          <Select label={t('trace.filter.direction')} name="direction" value={draft.direction} onChange={set('direction')}
            options={choices('direction', ['inbound', 'outbound'])} />
        </div>
      </details>
      <div class="actions">
        <button type="submit" class="primary">{t('trace.search')}</button>
        <a class="button" href={href(['trace'])}>{t('trace.reset')}</a>
      </div>
    </form>
  );
}

const columns = ['time', 'from', 'to', 'subject', 'status', 'connector'] as const;

// Rows of a fleet say whose they are.
function Rows({ rows }: { rows: Row[] }) {
  const fleet = rows.some((row) => row.host);
  return (
    <Table label={t('trace.results')} class="trace">
      <thead>
        <tr>
          {(fleet ? [...columns, 'host' as const] : columns).map((column) => (
            <th scope="col" key={column}>{t(`trace.column.${column}`)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td><a href={href(['trace', nameOf(row)])}><Time of={row.time} /></a></td>
            <td>{shown(row.mail_from || '<>')}</td>
            <td>{shown(row.rcpt_to ?? '–')}</td>
            <td class="subject">{shown(row.subject ?? '')}</td>
            <td><Badge group="trace-status" value={spokenStatus(row.status, row.action)} /></td>
            <td>{row.connector ?? row.outbound_connector ?? '–'}</td>
            {fleet && <td>{shown(row.host ?? '–')}</td>}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

// Of a fleet: hosts that lag may yet bring older mail.
function Complete({ page }: { page: Page }) {
  if (!page.complete_until) return null;
  return <p class="faint">{t('trace.complete-until')} <Time of={page.complete_until} /></p>;
}

// New rows come by themselves while this is on; the newest stand first, and only so many are kept.
function Follow({ filters, page }: { filters: Filters; page: Page }) {
  const [rows, setRows] = useState<Row[]>(page.messages);
  const [fresh, setFresh] = useState(0);
  const [last, setLast] = useState<Page>(page);
  useEffect(() => {
    const ended = new AbortController();
    let mark = page.follow;
    const look = async () => {
      if (document.hidden) return;
      try {
        // A page behind the first does not say where to begin.
        const more = await get<Page>('api/exchange/messagetrace', { ...queryOf(filters), after: mark, limit: mark ? 200 : pageLength }, ended.signal);
        if (mark) setFresh((n) => n + more.messages.length);
        setRows((old) => (mark ? withNews(old, more.messages, longestFollowed) : more.messages));
        mark = more.follow ?? mark;
        setLast(more);
      } catch {
        // The next look is a moment away.
      }
    };
    const timer = setInterval(() => void look(), 3000);
    return () => {
      ended.abort();
      clearInterval(timer);
    };
  }, []);
  return (
    <>
      <Alone page={last} />
      <p role="status">{t('trace.following', { n: fresh })}</p>
      {rows.length > 0 && <Rows rows={rows} />}
    </>
  );
}

function SearchList({ title, list, onDrop }: { title: Key; list: Search[]; onDrop?: (search: Search) => void }) {
  if (list.length === 0) return null;
  return (
    <>
      <h2>{t(title)}</h2>
      <ul>
        {list.map((one) => (
          <li key={JSON.stringify(one)}>
            <a href={href(['trace'], one.filters)}>{shown(one.name || titleOf(one.filters) || t('trace.saved.all'))}</a>{' '}
            {onDrop && <button type="button" class="link" aria-label={t('trace.saved.drop.of', { name: one.name })} onClick={() => onDrop(one)}>{t('trace.saved.drop')}</button>}
          </li>
        ))}
      </ul>
    </>
  );
}

// What was searched for, on this browser alone.
function Searches({ filters }: { filters: Filters }) {
  const [saved, setSaved] = useState<Saved>(readSaved);
  const [name, setName] = useState('');
  useEffect(() => setSaved(remember(queryOf(filters))), [JSON.stringify(filters)]);
  const change = (named: Search[]) => setSaved(keep({ ...saved, named }));
  return (
    <details class="more">
      <summary>{t('trace.saved')}</summary>
      <SearchList title="trace.saved.named" list={saved.named} onDrop={(search) => change(saved.named.filter((one) => one !== search))} />
      <SearchList title="trace.saved.last" list={saved.last} />
      <form class="filters" onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) change([...saved.named.filter((one) => one.name !== name.trim()), { name: name.trim(), filters: queryOf(filters) }]);
        setName('');
      }}>
        <Field label={t('trace.saved.name')} name="search-name">
          {(ids) => <input {...ids} maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <button type="submit">{t('trace.saved.save')}</button>
      </form>
    </details>
  );
}

function Results({ page, filters, cursor }: { page: Page; filters: Filters; cursor: string }) {
  if (page.messages.length === 0) {
    return (
      <>
        <Alone page={page} />
        <Empty>
          <p>{t('trace.none-found')}</p>
          <p class="faint">{t('trace.none-found.hint')}</p>
          {filters.since !== '90d' && <a class="button" href={href(['trace'], { ...filters, since: '90d' })}>{t('trace.longer')}</a>}
        </Empty>
        <Complete page={page} />
      </>
    );
  }
  return (
    <>
      <Alone page={page} />
      <p class="faint" role="status">{t(page.next ? 'trace.count.more' : 'trace.count', { n: page.messages.length })}</p>
      <Complete page={page} />
      <Rows rows={page.messages} />
      <div class="actions">
        {cursor && <a class="button" href={href(['trace'], { ...filters })}>{t('trace.newest')}</a>}
        {page.next && <a class="button" href={href(['trace'], { ...filters, cursor: page.next })}>{t('trace.older')}</a>}
        <Csv filters={filters} />
      </div>
    </>
  );
}

export function Trace({ place }: PageProps) {
  const filters = filtersOf(place.query);
  const cursor = place.query['cursor'] ?? '';
  const [follows, setFollows] = useState(false);
  const key = JSON.stringify([filters, cursor]);
  const page = useLoad(
    (signal) => get<Page>('api/exchange/messagetrace', { ...queryOf(filters), cursor, limit: pageLength }, signal),
    key,
  );
  return (
    <>
      <Heading title={t('trace.title')}>
        <button type="button" aria-pressed={follows} onClick={() => setFollows(!follows)}>{t('trace.follow')}</button>
      </Heading>
      <FilterForm key={JSON.stringify(filters)} filters={filters} fleet={isOfFleet(page.data)} />
      <Searches filters={filters} />
      {page.error?.status === 409 ? (
        <Empty>
          <p>{t('trace.none-kept')}</p>
          <pre>[trace]{'\n'}store = "sqlite:/var/lib/connectord/trace.db"</pre>
        </Empty>
      ) : page.error && page.data ? (
        <Problem error={page.error} again={page.again} />
      ) : (
        <Shown of={page}>{(data) => (follows ? <Follow key={key} page={data} filters={filters} /> : <Results page={data} filters={filters} cursor={cursor} />)}</Shown>
      )}
      <ZoneNote />
    </>
  );
}

