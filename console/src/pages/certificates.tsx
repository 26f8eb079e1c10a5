// Every certificate that mail depends on, by its end.
import { get, type Schemas } from '../api/client';
import * as format from '../format';
import { t, word } from '../i18n';
import { AsRoot } from '../parts/as_root';
import { Shown, useLoad } from '../parts/load';
import { Empty, Heading, Time, ZoneNote } from '../parts/page';
import { shown } from '../text';

type Certificate = Schemas['CertificateList']['certificates'][number];

const soon = 30 * 86_400_000;

function End({ of }: { of: Certificate }) {
  if (of.problem) return <span class="badge bad">{t('certificates.unreadable')}</span>;
  if (!of.not_after) return <span class="faint">{t('certificates.no-end')}</span>;
  const left = Date.parse(of.not_after) - Date.now();
  const kind = left < 0 ? 'bad' : left < soon ? 'warn' : 'good';
  return (
    <>
      <span class={`badge ${kind}`}>{t(left < 0 ? 'certificates.ended' : 'certificates.ends', { when: format.relative(of.not_after) })}</span>{' '}
      <Time of={of.not_after} />
    </>
  );
}

function Entry({ of }: { of: Certificate }) {
  return (
    <li class="card">
      <h2>{shown(of.subject ?? of.where)}</h2>
      <p><End of={of} /></p>
      <p>
        {word('whose', of.whose)}: {shown(of.where)}
      </p>
      {of.problem && <p class="wrong">{shown(of.problem)}</p>}
      {of.issuer && <p class="faint">{t('certificates.issuer')}: {shown(of.issuer)}</p>}
      {of.sha256 && <p class="faint">SHA-256 <code class="long">{of.sha256}</code></p>}
      {of.last_seen && <p class="faint">{t('certificates.seen')} <Time of={of.last_seen} /></p>}
    </li>
  );
}

export function Certificates() {
  const list = useLoad((signal) => get<Schemas['CertificateList']>('api/exchange/certificates', {}, signal), '');
  return (
    <>
      <Heading title={t('certificates.title')} />
      <p class="lead">{t('certificates.lead')}</p>
      {list.error?.status === 501 ? <AsRoot command="connectorctl certificates" /> : <Shown of={list}>
        {(data) =>
          data.certificates.length === 0 ? (
            <Empty><p>{t('certificates.none')}</p></Empty>
          ) : (
            <ul class="cards">
              {data.certificates.map((one, index) => <Entry key={index} of={one} />)}
            </ul>
          )
        }
      </Shown>}
      <ZoneNote />
    </>
  );
}
