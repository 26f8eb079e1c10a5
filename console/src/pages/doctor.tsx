// What is wrong with the whole arrangement, and the line that mends it.
import { get, type Schemas } from '../api/client';
import { t, word } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { AsRoot } from '../parts/as_root';
import { Badge, Heading } from '../parts/page';
import { Remedy } from '../parts/remedy';
import { shown } from '../text';

type Report = Schemas['Doctor'];
type Trouble = Report['troubles'][number];

function Entry({ of }: { of: Trouble }) {
  return (
    <li class="card">
      <h2>
        <Badge group="severity" value={of.severity} /> {shown(of.area)}: {shown(of.what)}
      </h2>
      {of.why && <p>{shown(of.why)}</p>}
      <Remedy text={of.write} />
    </li>
  );
}

function Notes({ notes }: { notes: Report['notes'] }) {
  if (notes.length === 0) return null;
  return (
    <details>
      <summary>{t('doctor.looked-at', { n: notes.length })}</summary>
      <ul>
        {notes.map((note, index) => (
          <li key={index}>
            <strong>{shown(note.area)}</strong> {shown(note.what)}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Doctor() {
  const report = useLoad((signal) => get<Report>('api/exchange/doctor', {}, signal), '');
  return (
    <>
      <Heading title={t('doctor.title')}>
        <button type="button" disabled={report.waits} onClick={report.again}>{t('doctor.again')}</button>
      </Heading>
      <p class="lead">{t('doctor.lead')}</p>
      {report.error?.status === 501 ? <AsRoot command="connectorctl doctor" /> : <Shown of={report}>
        {(data) => (
          <>
            <p role="status">
              <Badge group="doctor" value={data.result} /> {word('doctor-sum', data.result)}
            </p>
            <ul class="cards">
              {data.troubles.map((one, index) => <Entry key={index} of={one} />)}
            </ul>
            <Notes notes={data.notes} />
          </>
        )}
      </Shown>}
    </>
  );
}
