// A new connector, step by step, as Exchange's admin centre asks for it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asError, ask, type Schemas } from '../api/client';
import { t } from '../i18n';
import { Problem } from '../parts/load';
import { Heading } from '../parts/page';
import { go, href } from '../router';
import { useMay } from '../session';
import { complaint, type Draft, emptyDraft, type Step, stepOf, steps, toConnector } from './draft';
import { FlowStep, IdentifyStep, NameStep, RequireStep, RouteStep, type StepProps, TlsStep, UseStep } from './forms';
import { Review } from './review';

type Errors = Schemas['Problem']['errors'];

export const forms: Record<Exclude<Step, 'review'>, (props: StepProps) => preact.JSX.Element> = {
  flow: FlowStep,
  name: NameStep,
  identify: IdentifyStep,
  require: RequireStep,
  use: UseStep,
  route: RouteStep,
  tls: TlsStep,
};

export function Progress({ all, current, onGo }: { all: Step[]; current: number; onGo: (index: number) => void }) {
  return (
    <ol class="progress" aria-label={t('wizard.steps')}>
      {all.map((step, index) => (
        <li key={step} class={index < current ? 'done' : ''}>
          {index < current ? (
            <button type="button" class="link" onClick={() => onGo(index)}>{t(`wizard.step.${step}`)}</button>
          ) : (
            <span aria-current={index === current ? 'step' : undefined}>{t(`wizard.step.${step}`)}</span>
          )}
        </li>
      ))}
    </ol>
  );
}

export function Wizard() {
  const mayCreate = useMay('admin');
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [index, setIndex] = useState(0);
  const [tried, setTried] = useState(false);
  const [checked, setChecked] = useState<Schemas['Checked'] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [waits, setWaits] = useState(false);
  const legend = useRef<HTMLHeadingElement>(null);
  const all = steps(draft);
  const step = all[index]!;
  const missing = complaint(draft, step);
  const errors: Errors = problem?.errors.filter((one) => one.field && stepOf(one.field, draft.direction) === step);

  useEffect(() => {
    if (index > 0) legend.current?.focus();
  }, [index]);

  const send = async (path: string) => {
    setWaits(true);
    setProblem(null);
    try {
      return (await ask<unknown>(path, { method: 'POST', body: toConnector(draft) })).data;
    } catch (reason) {
      const error = asError(reason);
      setProblem(error);
      const field = error.errors.find((one) => one.field)?.field;
      if (field) setIndex(all.indexOf(stepOf(field, draft.direction)));
      return null;
    } finally {
      setWaits(false);
    }
  };
  const next = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (missing) return;
    setTried(false);
    if (all[index + 1] !== 'review') return setIndex(index + 1);
    const answer = (await send('api/exchange/connectors/check')) as Schemas['Checked'] | null;
    if (!answer) return;
    setChecked(answer);
    setIndex(index + 1);
  };
  const create = async () => {
    if (await send('api/exchange/connectors')) go(['connectors', draft.direction, draft.name.trim()], { made: '1' });
  };

  if (!mayCreate) return <Heading title={t('not-found.title')} />;
  const Form = step === 'review' ? null : forms[step];
  return (
    <>
      <Heading title={t('wizard.title')} />
      <Progress all={all} current={index} onGo={setIndex} />
      <form class="wizard" onSubmit={next} noValidate>
        <h2 ref={legend} tabIndex={-1}>{t(`wizard.heading.${step}`)}</h2>
        {problem && <Problem error={problem} />}
        {Form && (
          <Form draft={draft} isThere={false} errors={errors ?? []} missing={tried ? missing : null}
            change={(more) => setDraft((old) => ({ ...old, ...more }))} />
        )}
        {step === 'review' && checked && <Review connector={toConnector(draft)} checked={checked} />}
        <div class="actions">
          <a class="button" href={href(['connectors'])}>{t('cancel')}</a>
          {index > 0 && <button type="button" onClick={() => setIndex(index - 1)}>{t('wizard.back')}</button>}
          {step === 'review' ? (
            <button type="button" class="primary" disabled={waits} onClick={create}>{t('wizard.create')}</button>
          ) : (
            <button type="submit" class="primary" disabled={waits}>{t('wizard.next')}</button>
          )}
        </div>
      </form>
    </>
  );
}
