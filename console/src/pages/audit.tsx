// Who changed what, and when: through the API, and as the running configuration knows it.
import { get, type Schemas } from '../api/client';
import { t } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { Empty, Heading, Table, Time, ZoneNote } from '../parts/page';
import { href } from '../router';
import { shown } from '../text';
import { differences } from '../parts/differences';

type Entry = Schemas['AuditList']['entries'][number];

function what(entry: Entry) {
  const rule = entry['rule'];
  if (typeof rule === 'string') return entry.action === 'delete' ? shown(rule) : <a href={href(['rules', rule])}>{shown(rule)}</a>;
  const queueId = entry['queue_id'];
  if (typeof queueId === 'string') return <a href={href(['trace'], { queue_id: queueId, since: '90d' })}>{shown(queueId)}</a>;
  if (!entry.connector) return shown(String(entry['insight'] ?? entry.token ?? ''));
  const gone = entry.action === 'delete';
  const name = shown(entry.connector);
  return gone ? name : <a href={href(['connectors', entry.direction ?? 'inbound', entry.connector])}>{name}</a>;
}

function Changes({ entry }: { entry: Entry }) {
  const found = differences(entry['before'], entry['after']);
  if (found.length === 0) return <>–</>;
  return (
    <details>
      <summary>{t('audit.keys', { n: found.length })}</summary>
      <ul>
        {found.map((one) => (
          <li key={one.key}>
            <code>{one.key}</code>: {shown(one.from) || '–'} → {shown(one.to) || '–'}
          </li>
        ))}
      </ul>
    </details>
  );
}

function AuditTable({ entries }: { entries: Entry[] }) {
  return (
    <Table label={t('audit.title')}>
      <thead>
        <tr>
          {(['time', 'who', 'action', 'what', 'changes', 'peer'] as const).map((column) => (
            <th scope="col" key={column}>{t(`audit.${column}`)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry, index) => (
          <tr key={index}>
            <td><Time of={entry.time} /></td>
            <td>{shown(entry.who ?? '')}</td>
            <td>{shown(entry.action ?? '')}{entry.failed && <span class="badge bad">{shown(entry.failed)}</span>}</td>
            <td>{what(entry)}</td>
            <td><Changes entry={entry} /></td>
            <td>{shown(entry.peer ?? '')}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Loads({ list }: { list: Schemas['ChangeList'] }) {
  if (list.loads.length === 0) return <p>{t('changes.none')}</p>;
  return (
    <Table label={t('changes.title')}>
      <thead>
        <tr>
          <th scope="col">{t('audit.time')}</th>
          <th scope="col">{t('overview.generation')}</th>
          <th scope="col">{t('audit.who')}</th>
          <th scope="col">{t('audit.changes')}</th>
        </tr>
      </thead>
      <tbody>
        {[...list.loads].reverse().map((load) => (
          <tr key={load.generation}>
            <td><Time of={load.time} /></td>
            <td>{load.generation}</td>
            <td>{shown(load.who)}</td>
            <td>
              <ul class="plain">
                {load.changes.map((one, index) => (
                  <li key={index}>
                    {shown(`${one.table} ${one.name}`)} <code>{shown(one.key)}</code> {shown(one.before) || '–'} → {shown(one.after) || '–'}
                  </li>
                ))}
              </ul>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function Audit() {
  const audit = useLoad((signal) => get<Schemas['AuditList']>('api/exchange/audit', { limit: 200 }, signal), '');
  const changes = useLoad((signal) => get<Schemas['ChangeList']>('api/exchange/changes', {}, signal), '');
  return (
    <>
      <Heading title={t('audit.title')} />
      <section aria-labelledby="through-api">
        <h2 id="through-api">{t('audit.through-api')}</h2>
        <Shown of={audit}>
          {(data) =>
            data.entries.length === 0 ? (
              <Empty><p>{t('audit.none')}</p></Empty>
            ) : (
              <>
                <AuditTable entries={data.entries} />
                <p class="faint">{t('audit.file')} <code>{shown(data.file)}</code></p>
              </>
            )
          }
        </Shown>
      </section>
      <section aria-labelledby="loads">
        <h2 id="loads">{t('changes.title')}</h2>
        <Shown of={changes}>{(data) => <Loads list={data} />}</Shown>
      </section>
      <ZoneNote />
    </>
  );
}
