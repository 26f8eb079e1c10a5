// One DMARC report of ours, made anew from the trace: what it says of the mail in a domain's name.
import { get, getFile, type Schemas } from '../api/client';
import * as format from '../format';
import { t } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { Empty, Facts, Table } from '../parts/page';
import { SaveButton } from '../parts/save_button';
import { save, shown } from '../text';

type Report = Schemas['SentReport'];

function Failing({ sources }: { sources: Report['report']['failing'] }) {
  return (
    <Table label={t('sent.failing')}>
      <thead>
        <tr>
          <th scope="col">{t('sent.source')}</th>
          <th scope="col" class="number">{t('messages')}</th>
          <th scope="col" class="number">{t('sent.failed')}</th>
          <th scope="col">{t('sent.complaints')}</th>
        </tr>
      </thead>
      <tbody>
        {sources.map((one) => (
          <tr key={one.source}>
            <th scope="row">{shown(one.source)}</th>
            <td class="number">{format.number(one.messages)}</td>
            <td class="number">{format.number(one.failed)}</td>
            <td>
              {one.complaints.map((complaint) => (
                <div key={complaint.what}>{format.number(complaint.count)}: {shown(complaint.what)}</div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function SentReport({ day, domain }: { day: string; domain: string }) {
  const path = `api/exchange/reports/dmarc/${encodeURIComponent(domain)}`;
  const loaded = useLoad((signal) => get<Report>(path, { day }, signal), `${domain} ${day}`);
  const saveXml = async () => save(`${domain}.${day}.xml`, await getFile(path, { day, format: 'xml' }));
  return (
    <section aria-label={domain}>
      <h2>{shown(domain)}</h2>
      <Shown of={loaded}>
        {({ report, not_sent }) => (
          <>
            <Facts rows={[
              [t('sent.policy'), report.policy],
              [t('messages'), format.number(report.messages)],
              [t('sent.aligned'), format.number(report.aligned)],
              [t('sent.not-sent'), not_sent],
            ]} />
            {report.failing.length > 0 ? <Failing sources={report.failing} /> : <Empty><p>{t('sent.all-pass')}</p></Empty>}
            <p><SaveButton label={t('sent.xml')} save={saveXml} /></p>
          </>
        )}
      </Shown>
    </section>
  );
}
