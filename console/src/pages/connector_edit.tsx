// A connector of the API's, changed in one form. What the form does not know stays as it is.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, connectorPath, type Schemas } from '../api/client';
import { t } from '../i18n';
import { Conflict } from '../parts/conflict';
import { Problem, Shown, useLoad } from '../parts/load';
import { Heading } from '../parts/page';
import { withChanges } from '../parts/three_way';
import { go, href } from '../router';
import { useMay } from '../session';
import type { PageProps } from '../shell';
import { type Draft, fromConnector, stepOf, steps, toConnector } from '../wizard/draft';
import { PastMail } from '../wizard/review';
import { forms } from '../wizard/wizard';

type Connector = Schemas['Connector'];
interface Read {
  connector: Connector;
  etag: string;
}

async function read(name: string, direction: string, signal?: AbortSignal): Promise<Read> {
  const answer = await ask<Connector>(connectorPath(name), { query: { direction }, ...(signal ? { signal } : {}) });
  return { connector: answer.data, etag: answer.etag };
}

function Form({ of }: { of: Read }) {
  const [base, setBase] = useState(of);
  const [draft, setDraft] = useState<Draft>(() => fromConnector(of.connector));
  const [error, setError] = useState<ApiError | null>(null);
  const [theirs, setTheirs] = useState<Read | null>(null);
  const [waits, setWaits] = useState(false);
  const { name, direction } = of.connector;
  const back = () => go(['connectors', direction, name], { changed: '1' });
  const result = () => withChanges(base.connector, toConnector(fromConnector(base.connector)), toConnector(draft));
  const save = async (body: object, ifMatch: string) => {
    setWaits(true);
    setError(null);
    try {
      await ask(connectorPath(name), { method: 'PUT', query: { direction }, ifMatch, body });
      back();
    } catch (reason) {
      const problem = asError(reason);
      if (problem.status === 412) setTheirs(await read(name, direction).catch(() => null));
      if (problem.status !== 412) setError(problem);
    }
    setWaits(false);
  };
  const errors = error?.errors.filter((one) => one.field) ?? [];
  if (theirs) {
    return (
      <Conflict before={base.connector} theirs={theirs.connector} mine={result()}
        onLeave={() => {
          setBase(theirs);
          setDraft(fromConnector(theirs.connector));
          setTheirs(null);
        }}
        onDone={(whole) => {
          setBase(theirs);
          setDraft(fromConnector(whole as Connector));
          setTheirs(null);
          void save(whole, theirs.etag);
        }} />
    );
  }
  return (
    <form class="wizard" noValidate onSubmit={(event) => {
      event.preventDefault();
      void save(result(), base.etag);
    }}>
      {error && <Problem error={error} />}
      {steps(draft).map((step) => {
        if (step === 'review' || step === 'flow') return null;
        const Step = forms[step];
        return (
          <fieldset key={step} class="block">
            <legend>{t(`wizard.step.${step}`)}</legend>
            <Step draft={draft} isThere errors={errors.filter((one) => stepOf(one.field, draft.direction) === step)} missing={null}
              change={(more) => setDraft((old) => ({ ...old, ...more }))} />
          </fieldset>
        );
      })}
      {direction === 'inbound' && <PastMail connector={result() as Connector} level="h2" />}
      <div class="actions">
        <a class="button" href={href(['connectors', direction, name])}>{t('cancel')}</a>
        <button type="submit" class="primary" disabled={waits}>{t('connector.save')}</button>
      </div>
    </form>
  );
}

export function ConnectorEdit({ place }: PageProps) {
  const [, direction = '', name = ''] = place.path;
  const mayChange = useMay('admin');
  const now = useLoad((signal) => read(name, direction, signal), `${direction} ${name}`);
  if (!mayChange) return <Heading title={t('not-found.title')} />;
  return (
    <>
      <p class="crumbs"><a href={href(['connectors', direction, name])}>{name}</a></p>
      <Heading title={t('connector.edit.title', { name })} />
      <p class="lead">{t('connector.edit.lead')}</p>
      <Shown of={now}>{(of) => <Form key={of.etag} of={of} />}</Shown>
    </>
  );
}
