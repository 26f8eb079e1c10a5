// The story of one message: what was known, what was found, what was answered, and what became of it.
import { get, type Schemas } from '../api/client';
import * as format from '../format';
import { t, word } from '../i18n';
import { FindingTable } from '../parts/findings';
import { Shown, useLoad } from '../parts/load';
import { Badge, Facts, Heading, Table, Time, ZoneNote } from '../parts/page';
import { href } from '../router';
import type { PageProps } from '../shell';
import { shown } from '../text';
import { Alone } from './trace_alone';
import { spokenStatus } from './trace_filters';

type Story = Schemas['Story'];
type Row = Schemas['TraceRow'];
type Finding = Schemas['Finding'];

function client(row: Row): string {
  const name = row.client_name && row.client_name !== 'unknown' ? ` (${row.client_name})` : '';
  return row.client_address ? row.client_address + name : '';
}

function Findings({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return <p class="faint">{t('message.no-findings')}</p>;
  // What decided comes first.
  const weight = (finding: Finding) => (finding.outcome === 'fail' ? 0 : finding.outcome === 'temperror' ? 1 : 2);
  const sorted = [...findings].sort((a, b) => weight(a) - weight(b));
  return (
    <FindingTable
      label={t('message.findings')}
      findings={sorted}
      about={(finding) => finding.connector && <small>{shown(finding.connector)}</small>}
    />
  );
}

function Recipients({ rows }: { rows: Row[] }) {
  return (
    <Table label={t('message.recipients')}>
      <thead>
        <tr>
          <th scope="col">{t('trace.column.to')}</th>
          <th scope="col">{t('trace.column.status')}</th>
          <th scope="col">{t('trace.column.time')}</th>
          <th scope="col">{t('message.outbound')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">{shown(row.rcpt_to ?? '–')}</th>
            <td><Badge group="trace-status" value={spokenStatus(row.status, row.action)} /></td>
            <td><Time of={row.status_time ?? row.time} /></td>
            <td>{row.outbound_connector ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Deliveries({ attempts }: { attempts: Story['attempts'] }) {
  if (attempts.length === 0) return null;
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">{t('message.deliveries')}</h2>
      <Table label={t('message.deliveries')}>
        <thead>
          <tr>
            <th scope="col">{t('trace.column.time')}</th>
            <th scope="col">{t('trace.column.to')}</th>
            <th scope="col">{t('trace.column.status')}</th>
            <th scope="col">{t('message.relay')}</th>
            <th scope="col">{t('message.protection')}</th>
            <th scope="col">{t('message.answer')}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt, index) => (
            <tr key={index}>
              <td><Time of={attempt.time} /></td>
              <td>{shown(attempt.recipient ?? '–')}</td>
              <td><Badge group="trace-status" value={attempt.status} /></td>
              <td>{shown(attempt.relay ?? '–')}</td>
              <td>{attempt.protection ? word('protection', attempt.protection) : '–'}</td>
              <td>{shown(attempt.text ?? '')}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function authentication(row: Row): string {
  const { spf, dkim, dmarc, arc } = row.authentication ?? {};
  const parts = [
    spf && `SPF ${spf.result} (${spf.domain})`,
    ...(dkim ?? []).map((one) => `DKIM ${one.result} (${one.domain})`),
    dmarc && `DMARC ${dmarc.result} (${dmarc.domain})`,
    arc && arc.result !== 'none' && `ARC ${arc.result}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function Answer({ row }: { row: Row }) {
  return (
    <p class={`notice ${row.action === 'accept' ? 'good' : row.action === 'reject' ? 'bad' : 'warn'}`}>
      <strong>{word('action', row.action)}</strong>
      {row.connector && (
        <>
          {' '}{t('message.by')} <a href={href(['connectors', 'inbound', row.connector])}>{row.connector}</a>
        </>
      )}
      {row.reply && <><br /><code>{shown(row.reply)}</code></>}
    </p>
  );
}

function Whole({ story }: { story: Story }) {
  const row = story.rows[0];
  if (!row) return null;
  return (
    <>
      <Answer row={row} />
      {story.advice && <p class="notice">{shown(story.advice)}</p>}
      <section aria-labelledby="facts">
        <h2 id="facts">{t('message.facts')}</h2>
        <Facts
          rows={[
            [t('trace.column.time'), <Time of={row.time} />],
            [t('trace.column.subject'), row.subject ?? ''],
            [t('trace.column.host'), row.host ?? ''],
            [t('message.mail-from'), row.mail_from || '<>'],
            [t('message.from'), row.from ?? ''],
            [t('message.client'), client(row)],
            ['HELO', row.helo ?? ''],
            ['TLS', [row.tls ?? t('tls.none'), row.cipher].filter(Boolean).join(', ')],
            [t('message.certificate'), row.certificate?.['subject'] ?? ''],
            [t('message.user'), row.sasl_username ?? ''],
            [t('message.authentication'), authentication(row)],
            [t('connectors.column.direction'), word('direction', row.direction ?? '')],
            [t('message.identified-by'), row.identified_by ?? ''],
            [t('message.size'), typeof row.size === 'number' ? format.size(row.size) : ''],
            [t('trace.filter.queue_id'), row.queue_id ?? ''],
            ['Message-ID', row.message_id && (
              <>
                {shown(row.message_id)} <a href={href(['trace'], { message_id: row.message_id, since: '90d' })}>{t('message.related')}</a>
              </>
            )],
          ]}
        />
      </section>
      <section aria-labelledby="findings">
        <h2 id="findings">{t('message.findings')}</h2>
        <Findings findings={row.findings} />
      </section>
      <section aria-labelledby="recipients">
        <h2 id="recipients">{t('message.recipients')}</h2>
        <Recipients rows={story.rows} />
      </section>
      <Deliveries attempts={story.attempts} />
    </>
  );
}

export function MessagePage({ place }: PageProps) {
  const id = place.path[1] ?? '';
  const story = useLoad((signal) => get<Story>(`api/exchange/messagetrace/${encodeURIComponent(id)}`, {}, signal), id);
  return (
    <>
      <p class="crumbs"><a href={href(['trace'])}>{t('trace.title')}</a></p>
      <Heading title={t('message.title', { id: shown(id) })} />
      <Shown of={story}>{(data) => <><Alone page={data} /><Whole story={data} /></>}</Shown>
      <ZoneNote />
    </>
  );
}
