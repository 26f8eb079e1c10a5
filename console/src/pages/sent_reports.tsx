// The DMARC reports that we sent to the domains that ask for them, day by day, and why others were not.
import { get, type Schemas } from '../api/client';
import { t } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { Badge, Empty, Heading, Select, Table, Time, ZoneNote } from '../parts/page';
import { go, href } from '../router';
import type { PageProps } from '../shell';
import { shown } from '../text';
import { SentReport } from './sent_report';

type List = Schemas['SentReportList'];

function Sent({ list, day }: { list: List; day: string }) {
  const linkTo = (domain: string) => <a href={href(['reports', 'dmarc'], { day, domain })}>{shown(domain)}</a>;
  return (
    <>
      <Table label={t('sent.title')}>
        <thead>
          <tr>
            {(['domain', 'to', 'status', 'time', 'words'] as const).map((column) => (
              <th scope="col" key={column}>{t(`sent.${column}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.reports.map((report) => (
            <tr key={`${report.domain} ${report.to}`}>
              <th scope="row">{report.domain === '*' ? t('sent.beyond') : linkTo(report.domain)}</th>
              <td>{shown(report.to || '–')}</td>
              <td><Badge group="sent-status" value={report.status} /></td>
              <td><Time of={report.time} /></td>
              <td>{shown(report.words)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {list.total > list.reports.length && <p class="faint">{t('sent.more', { shown: list.reports.length, total: list.total })}</p>}
    </>
  );
}

export function SentReports({ place }: PageProps) {
  const day = place.query['day'] ?? '';
  const domain = place.query['domain'];
  const list = useLoad((signal) => get<List>('api/exchange/reports/dmarc', day ? { day } : {}, signal), day);
  return (
    <>
      <Heading title={t('sent.title')} />
      <p>{t('sent.lead')}</p>
      <Shown of={list}>
        {(data) =>
          data.day === null ? (
            <Empty>
              <p>{t('sent.none')}</p>
              <pre>[reports]{'\n'}dmarc = true{'\n'}sender = "dmarc-reports@example.net"</pre>
            </Empty>
          ) : (
            <>
              <div class="filters">
                <Select label={t('sent.day')} name="day" value={data.day} onChange={(value) => go(['reports', 'dmarc'], { day: value })}
                  options={data.days.map((one) => [one, one])} />
              </div>
              <Sent list={data} day={data.day} />
              <ZoneNote />
              {domain && <SentReport day={data.day} domain={domain} />}
            </>
          )
        }
      </Shown>
    </>
  );
}
