// One connector: what it says, where it stands, whether mail flows, and what may be done with it.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, connectorPath, get, type Schemas } from '../api/client';
import * as format from '../format';
import { t, word } from '../i18n';
import { Confirm } from '../parts/dialog';
import { NotDone, Settings } from '../parts/entry';
import { FindingTable } from '../parts/findings';
import { Problem, Shown, useLoad, Waiting } from '../parts/load';
import { Badge, Facts, Heading } from '../parts/page';
import { go, href } from '../router';
import { useMay } from '../session';
import type { PageProps } from '../shell';
import { shown } from '../text';

type Connector = Schemas['Connector'];
interface Whole {
  connector: Connector;
  etag: string;
  place: Schemas['Place'];
}

export function Place({ place }: { place: Schemas['Place'] }) {
  return (
    <section aria-labelledby="place">
      <h2 id="place">{t('place.title')}</h2>
      <p>
        <code>{shown(place.file)}</code>, {t('place.line', { n: place.line })}
      </p>
      <p class="faint">{t(`place.${place.written_by}`)}</p>
    </section>
  );
}

function Steps({ report }: { report: Schemas['Validation'] }) {
  return (
    <div role="status">
      <p>
        <Badge group="validation" value={report.result} /> {shown(report.summary)} ({format.milliseconds(report.milliseconds)})
      </p>
      <FindingTable label={t('validation.steps')} findings={report.steps} about={(step) => shown(step.host)} />
    </div>
  );
}

function Validate({ connector }: { connector: Connector }) {
  const [report, setReport] = useState<Schemas['Validation'] | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [waits, setWaits] = useState(false);
  const run = async () => {
    setWaits(true);
    setError(null);
    try {
      const order = { method: 'POST', query: { direction: connector.direction } };
      setReport((await ask<Schemas['Validation']>(connectorPath(connector.name, '/validate'), order)).data);
    } catch (reason) {
      setError(asError(reason));
    }
    setWaits(false);
  };
  return (
    <section aria-labelledby="validation">
      <h2 id="validation">{t('validation.title')}</h2>
      <p>{t(connector.direction === 'inbound' ? 'validation.lead.inbound' : 'validation.lead.outbound')}</p>
      <button type="button" disabled={waits} onClick={run}>{t('validation.run')}</button>
      {waits && <Waiting />}
      {error && <Problem error={error} />}
      {report && !waits && <Steps report={report} />}
    </section>
  );
}

function Actions({ whole, again, onError }: { whole: Whole; again: () => void; onError: (error: ApiError | null) => void }) {
  const { connector, etag, place } = whole;
  const [asks, setAsks] = useState(false);
  const mayOperate = useMay('operate');
  const mayDelete = useMay('admin') && place.written_by !== 'people';
  const enabled = connector.enabled !== false;
  const query = { direction: connector.direction };
  const attempt = async (work: () => Promise<unknown>, then: () => void) => {
    onError(null);
    try {
      await work();
      then();
    } catch (reason) {
      onError(asError(reason));
    }
  };
  const toggle = () =>
    attempt(() => ask(connectorPath(connector.name, '/status'), { method: 'PUT', query, ifMatch: etag, body: { enabled: !enabled } }), again);
  const remove = () => {
    setAsks(false);
    void attempt(() => ask(connectorPath(connector.name), { method: 'DELETE', query, ifMatch: etag }), () => go(['connectors']));
  };
  return (
    <>
      {mayOperate && <button type="button" onClick={toggle}>{t(enabled ? 'connector.disable' : 'connector.enable')}</button>}
      {mayDelete && <a class="button" href={href(['connectors', connector.direction, connector.name, 'edit'])}>{t('rules.edit')}</a>}
      {mayDelete && <button type="button" class="danger" onClick={() => setAsks(true)}>{t('connector.delete')}</button>}
      {asks && (
        <Confirm title={t('connector.delete.title', { name: connector.name })} yes={t('connector.delete')} onYes={remove} onNo={() => setAsks(false)}>
          <p>{t('connector.delete.text')}</p>
        </Confirm>
      )}
    </>
  );
}

async function read(name: string, direction: string, signal: AbortSignal): Promise<Whole> {
  const query = { direction };
  const [connector, place] = await Promise.all([
    ask<Connector>(connectorPath(name), { query, signal }),
    get<Schemas['Place']>(connectorPath(name, '/place'), query, signal),
  ]);
  return { connector: connector.data, etag: connector.etag, place };
}

function Summary({ connector }: { connector: Connector }) {
  const mode = 'mode' in connector ? connector.mode : undefined;
  return (
    <Facts
      rows={[
        [t('connectors.column.direction'), word('direction', connector.direction)],
        [t('connectors.column.scenario'), word('scenario', connector.scenario)],
        [t('connectors.column.status'), (
          <>
            <Badge group="status" value={connector.enabled === false ? 'disabled' : 'enabled'} />{' '}
            {mode === 'audit' && <Badge group="mode" value="audit" />}
          </>
        )],
        [t('wizard.comment'), connector.comment ?? ''],
      ]}
    />
  );
}

export function ConnectorPage({ place }: PageProps) {
  const [, direction = '', name = ''] = place.path;
  const [error, setError] = useState<ApiError | null>(null);
  const mayOperate = useMay('operate');
  const whole = useLoad((signal) => read(name, direction, signal), `${direction} ${name}`);
  const hidden = ['name', 'direction', 'scenario', 'enabled', 'mode', 'comment'];
  return (
    <>
      <p class="crumbs"><a href={href(['connectors'])}>{t('connectors.title')}</a></p>
      <Heading title={name}>{whole.data && <Actions whole={whole.data} again={whole.again} onError={setError} />}</Heading>
      {place.query['changed'] && <p class="notice good" role="status">{t('connector.changed')}</p>}
      {place.query['made'] && <p class="notice good" role="status">{t('connector.made')}</p>}
      <NotDone error={error} again={() => { setError(null); whole.again(); }} />
      <Shown of={whole}>
        {({ connector, place: where }) => (
          <>
            <Summary connector={connector} />
            <Settings of={connector} hidden={hidden} />
            <p>
              <a href={href(['trace'], { connector: connector.name, since: '7d' })}>{t('connector.mail')}</a>
            </p>
            {mayOperate && <Validate connector={connector} />}
            <Place place={where} />
          </>
        )}
      </Shown>
    </>
  );
}
