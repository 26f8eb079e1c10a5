// One rule: what it says, where it stands, what may be done with it; and the page on which it is made or changed.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, get, type Schemas } from '../api/client';
import { type Key, t } from '../i18n';
import { Conflict } from '../parts/conflict';
import { Confirm } from '../parts/dialog';
import { NotDone, Settings } from '../parts/entry';
import { Problem, Shown, useLoad } from '../parts/load';
import { Badge, Heading } from '../parts/page';
import { go, href } from '../router';
import { complaint, type Draft, emptyDraft, fromRule, type Keys, keysOf, type Rule, toRule } from '../rules/draft';
import { Editor, type Wrong } from '../rules/editor';
import { TestRule } from '../rules/test';
import { useMay } from '../session';
import type { PageProps } from '../shell';
import { shown } from '../text';
import { Place } from './connector';

interface Whole {
  rule: Rule;
  etag: string;
  place: Schemas['Place'];
}

const path = (name: string, below = '') => `api/exchange/rules/${encodeURIComponent(name)}${below}`;

async function read(name: string, signal?: AbortSignal): Promise<Whole> {
  const more = signal ? { signal } : {};
  const [rule, place] = await Promise.all([ask<Rule>(path(name), more), ask<Schemas['Place']>(path(name, '/place'), more)]);
  return { rule: rule.data, etag: rule.etag, place: place.data };
}

function Actions({ whole, again, onError }: { whole: Whole; again: () => void; onError: (error: ApiError | null) => void }) {
  const { rule, etag, place } = whole;
  const [asks, setAsks] = useState(false);
  const mayOperate = useMay('operate');
  const mayChange = useMay('admin') && place.written_by !== 'people';
  const enabled = rule.enabled !== false;
  const attempt = async (work: () => Promise<unknown>, then: () => void) => {
    onError(null);
    try {
      await work();
      then();
    } catch (reason) {
      onError(asError(reason));
    }
  };
  const toggle = () => attempt(() => ask(path(rule.name, '/status'), { method: 'PUT', ifMatch: etag, body: { enabled: !enabled } }), again);
  const enforce = () => attempt(() => ask(path(rule.name), { method: 'PUT', ifMatch: etag, body: { ...rule, mode: 'enforce' } }), again);
  const remove = () => {
    setAsks(false);
    void attempt(() => ask(path(rule.name), { method: 'DELETE', ifMatch: etag }), () => go(['rules']));
  };
  return (
    <>
      {mayChange && rule.mode === 'audit' && <button type="button" class="primary" onClick={enforce}>{t('rules.enforce')}</button>}
      {mayChange && <a class="button" href={href(['rules', rule.name, 'edit'])}>{t('rules.edit')}</a>}
      {mayOperate && <button type="button" onClick={toggle}>{t(enabled ? 'connector.disable' : 'connector.enable')}</button>}
      {mayChange && <button type="button" class="danger" onClick={() => setAsks(true)}>{t('connector.delete')}</button>}
      {asks && (
        <Confirm title={t('connector.delete.title', { name: rule.name })} yes={t('connector.delete')} onYes={remove} onNo={() => setAsks(false)}>
          <p>{t('rules.delete.text')}</p>
        </Confirm>
      )}
    </>
  );
}

function Show({ name, made }: { name: string; made: boolean }) {
  const [error, setError] = useState<ApiError | null>(null);
  const whole = useLoad((signal) => read(name, signal), name);
  return (
    <>
      <p class="crumbs"><a href={href(['rules'])}>{t('rules.title')}</a></p>
      <Heading title={name}>{whole.data && <Actions whole={whole.data} again={whole.again} onError={setError} />}</Heading>
      {made && <p class="notice good" role="status">{t('rules.made')}</p>}
      <NotDone error={error} again={() => { setError(null); whole.again(); }} />
      <Shown of={whole}>
        {({ rule, place }) => (
          <>
            <p>
              <Badge group="status" value={rule.enabled === false ? 'disabled' : 'enabled'} /> {rule.mode === 'audit' && <Badge group="mode" value="audit" />}
            </p>
            {rule.mode === 'audit' && <p class="notice">{t('rules.audit.lead')}</p>}
            <Settings of={rule} hidden={['name', 'enabled', 'mode']} />
            <p>
              <a href={href(['trace'], { rule: rule.name, since: '7d' })}>{t('rules.mail')}</a>
            </p>
            <TestRule rule={() => rule} />
            <Place place={place} />
          </>
        )}
      </Shown>
    </>
  );
}

function Form({ of, keys }: { of: Whole | null; keys: Keys }) {
  const [base, setBase] = useState(of);
  const [draft, setDraft] = useState<Draft>(() => (of ? fromRule(of.rule) : emptyDraft()));
  const [missing, setMissing] = useState<Key | null>(null);
  const [wrongs, setWrongs] = useState<Wrong[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const [theirs, setTheirs] = useState<Whole | null>(null);
  const [waits, setWaits] = useState(false);
  const send = async (rule: Rule, ifMatch: string | undefined) => {
    setWaits(true);
    setError(null);
    setWrongs([]);
    try {
      const checked = await ask<Schemas['RuleCheck']>('api/exchange/rules/check', { method: 'POST', body: rule });
      const errors = checked.data.problems.filter((one) => one.severity === 'error');
      setWrongs(errors);
      if (errors.length > 0) return;
      if (ifMatch) await ask(path(rule.name), { method: 'PUT', ifMatch, body: rule });
      else await ask('api/exchange/rules', { method: 'POST', body: rule });
      go(['rules', rule.name], { made: '1' });
    } catch (reason) {
      const problem = asError(reason);
      if (problem.status === 412) setTheirs(await read(rule.name).catch(() => null));
      if (problem.status !== 412) setError(problem);
      setWrongs(problem.errors.filter((one) => one.field));
    } finally {
      setWaits(false);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const lacks = complaint(draft);
    setMissing(lacks);
    if (!lacks) void send(toRule(draft, keys), base?.etag);
  };
  if (theirs && base) {
    const take = (rule: Rule) => {
      setBase(theirs);
      setDraft(fromRule(rule));
      setTheirs(null);
    };
    return (
      <Conflict before={base.rule} theirs={theirs.rule} mine={toRule(draft, keys)} onLeave={() => take(theirs.rule)}
        onDone={(whole) => {
          take(whole as Rule);
          void send(whole as Rule, theirs.etag);
        }} />
    );
  }
  return (
    <>
      <form class="wizard" noValidate onSubmit={submit}>
        {error && <Problem error={error} />}
        {wrongs.length > 0 && (
          <div class="notice bad" role="alert">
            <ul>
              {wrongs.map((one) => <li key={one.field + one.message}>{one.field && <code>{shown(one.field)}</code>} {shown(one.message)}</li>)}
            </ul>
          </div>
        )}
        <Editor draft={draft} keys={keys} isThere={base !== null} wrongs={wrongs} missing={missing} onChange={setDraft} />
        <div class="actions">
          <a class="button" href={href(base ? ['rules', base.rule.name] : ['rules'])}>{t('cancel')}</a>
          <button type="submit" class="primary" disabled={waits}>{t(base ? 'connector.save' : 'rules.make')}</button>
        </div>
      </form>
      <TestRule rule={() => toRule(draft, keys)} />
    </>
  );
}

function Edit({ name }: { name: string | null }) {
  const mayChange = useMay('admin');
  const loaded = useLoad(
    async (signal) => {
      const schema = await get<Schemas['Schema']>('api/exchange/schema', {}, signal);
      return { keys: keysOf(schema.tables), of: name === null ? null : await read(name, signal) };
    },
    name ?? '',
  );
  if (!mayChange) return <Heading title={t('not-found.title')} />;
  return (
    <>
      <p class="crumbs"><a href={href(name === null ? ['rules'] : ['rules', name])}>{name === null ? t('rules.title') : shown(name)}</a></p>
      <Heading title={name === null ? t('rules.create') : t('connector.edit.title', { name })} />
      <p class="lead">{t(name === null ? 'rules.create.lead' : 'connector.edit.lead')}</p>
      <Shown of={loaded}>{({ keys, of }) => <Form key={of?.etag ?? ''} of={of} keys={keys} />}</Shown>
    </>
  );
}

export function RulePage({ place }: PageProps) {
  const [, name = '', below] = place.path;
  if (name === 'new' && !below) return <Edit name={null} />;
  if (below === 'edit') return <Edit key={name} name={name} />;
  return <Show key={name} name={name} made={place.query['made'] !== undefined} />;
}
