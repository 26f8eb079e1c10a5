// What each of our own domains publishes about its mail, and what is missing.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, get, type Schemas } from '../api/client';
import { t } from '../i18n';
import { FindingTable } from '../parts/findings';
import { Problem, Shown, useLoad, Waiting } from '../parts/load';
import { Badge, Empty, Heading, Time, ZoneNote } from '../parts/page';
import { Remedy } from '../parts/remedy';
import { useMay } from '../session';
import { shown } from '../text';

type Report = Schemas['DomainReport'];

function Result({ report }: { report: Report }) {
  const bad = report.checks.filter((one) => one.outcome === 'fail' || one.warning).length;
  return (
    <>
      <p role="status">
        <Badge group="validation" value={report.result} /> {shown(report.summary)} <Time of={report.time} />
      </p>
      {report.publish.length > 0 && (
        <>
          <h3>{t('domains.publish')}</h3>
          {report.publish.map((one) => (
            <div key={one.line}>
              <p>{shown(one.reason)}</p>
              <Remedy text={one.line} />
            </div>
          ))}
        </>
      )}
      <details open={bad > 0}>
        <summary>{t('domains.checks', { n: report.checks.length })}</summary>
        <FindingTable label={`${t('validation.steps')} ${shown(report.domain)}`} findings={report.checks} about={(step) => shown(step.host)} />
      </details>
    </>
  );
}

function Domain({ domain, last }: { domain: string; last: Report | null }) {
  const mayLook = useMay('operate');
  const [report, setReport] = useState(last);
  const [error, setError] = useState<ApiError | null>(null);
  const [waits, setWaits] = useState(false);
  const look = async () => {
    setWaits(true);
    setError(null);
    try {
      setReport((await ask<Report>(`api/exchange/domains/${encodeURIComponent(domain)}/check`, { method: 'POST' })).data);
    } catch (reason) {
      setError(asError(reason));
    }
    setWaits(false);
  };
  return (
    <section class="card" aria-label={shown(domain)}>
      <h2>{shown(domain)}</h2>
      {!report && !waits && <p class="faint">{t('domains.never')} <code>connectorctl dns {shown(domain)}</code></p>}
      {mayLook && <button type="button" disabled={waits} aria-label={t('domains.look.at', { domain: shown(domain) })} onClick={look}>{t('domains.look')}</button>}
      {waits && <Waiting />}
      {error && <Problem error={error} />}
      {report && !waits && <Result report={report} />}
    </section>
  );
}

export function Domains() {
  const list = useLoad((signal) => get<Schemas['DomainList']>('api/exchange/domains', {}, signal), '');
  return (
    <>
      <Heading title={t('domains.title')} />
      <p class="lead">{t('domains.lead')}</p>
      <Shown of={list}>
        {(data) =>
          data.domains.length === 0 ? (
            <Empty>
              <p>{t('domains.none')}</p>
              <pre>[organization]{'\n'}accepted_domains = ["example.net"]</pre>
            </Empty>
          ) : (
            <>{data.domains.map((one) => <Domain key={one.domain} domain={one.domain} last={one.last} />)}</>
          )
        }
      </Shown>
      <ZoneNote />
    </>
  );
}
