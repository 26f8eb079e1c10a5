// Mail that rules, or a policy of DMARC, had the mail server hold, and the decision on it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asError, ask, get, type Schemas } from '../api/client';
import * as format from '../format';
import { t } from '../i18n';
import { Confirm } from '../parts/dialog';
import { Problem, Shown, useLoad } from '../parts/load';
import { Empty, Facts, Heading, Table, Time, ZoneNote } from '../parts/page';
import { Remedy } from '../parts/remedy';
import { href } from '../router';
import { useMay } from '../session';
import { shown } from '../text';
import { type HeldMessage, nameOf, newestFirst, type Obstacle, obstacleOf, split } from './held_ways';

type Order = 'release' | 'delete';

interface Question {
  order: Order;
  message: HeldMessage;
}

interface Outcome extends Question {
  error: ApiError | null;
}

async function carryOut({ order, message }: Question): Promise<void> {
  const path = `api/exchange/quarantine/${encodeURIComponent(message.queue_id)}`;
  await (order === 'release' ? ask(`${path}/release`, { method: 'POST' }) : ask(path, { method: 'DELETE' }));
}

function Cannot({ obstacle, detail, again }: { obstacle: Obstacle; detail: string; again: () => void }) {
  return (
    <Empty>
      <p role="alert">{t(obstacle.words)}</p>
      <Remedy text={obstacle.remedy} />
      {obstacle.words === 'held.no-helper' && (
        <>
          <p>{t('held.no-systemd')}</p>
          <Remedy text="connectorctl held list" />
        </>
      )}
      <p class="faint">{shown(detail)}</p>
      <button type="button" onClick={again}>{t('error.again')}</button>
    </Empty>
  );
}

// It gets the focus, since the button that was pressed is gone.
function Told({ of }: { of: Outcome }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [of]);
  const name = shown(nameOf(of.message));
  return (
    <div ref={box} tabIndex={-1} class="told">
      {of.error === null && <p class="notice good" role="status">{t(`held.${of.order}.done`, { name })}</p>}
      {of.error?.status === 404 && <p class="notice warn" role="alert">{t('held.gone', { name })}</p>}
      {of.error && of.error.status !== 404 && <Problem error={of.error} />}
    </div>
  );
}

function Recipients({ of }: { of: string[] }) {
  const { first, rest } = split(of);
  return (
    <>
      <ul class="plain">{first.map((one) => <li key={one}>{shown(one)}</li>)}</ul>
      {rest.length > 0 && (
        <details>
          <summary>{t('held.more', { n: rest.length })}</summary>
          <ul class="plain">{rest.map((one) => <li key={one}>{shown(one)}</li>)}</ul>
        </details>
      )}
    </>
  );
}

function Decide({ of, waits, onAsk }: { of: HeldMessage; waits: boolean; onAsk: (question: Question) => void }) {
  const mayDelete = useMay('admin');
  const name = shown(nameOf(of));
  return (
    <div class="actions">
      <button type="button" disabled={waits} aria-label={t('held.release.of', { name })} onClick={() => onAsk({ order: 'release', message: of })}>
        {t('held.release')}
      </button>
      {mayDelete && (
        <button type="button" class="danger" disabled={waits} aria-label={t('held.delete.of', { name })} onClick={() => onAsk({ order: 'delete', message: of })}>
          {t('held.delete')}
        </button>
      )}
    </div>
  );
}

function Row({ of, waits, onAsk }: { of: HeldMessage; waits: boolean; onAsk: (question: Question) => void }) {
  const mayRelease = useMay('operate');
  return (
    <tr>
      <td><a href={href(['trace', String(of.trace_id)])}><Time of={of.time} /></a></td>
      <td class="address">
        {shown(of.sender || '<>')}
        {of.from && of.from !== of.sender && <small>{shown(of.from)}</small>}
      </td>
      <td class="address"><Recipients of={of.recipients} /></td>
      <td class="subject">{shown(of.subject ?? '–')}</td>
      <td>
        {shown(of.reason ?? '')}
        {of.rules.map((name) => <small key={name}><a href={href(['rules', name])}>{shown(name)}</a></small>)}
      </td>
      <td class="number">{format.size(of.size)}</td>
      {mayRelease && <td><Decide of={of} waits={waits} onAsk={onAsk} /></td>}
    </tr>
  );
}

function Nothing() {
  const mayCreate = useMay('admin');
  return (
    <Empty>
      <p>{t('held.none')}</p>
      <p class="faint">{t('held.none.hint')}</p>
      <div class="actions">
        {mayCreate && <a class="button" href={href(['rules', 'new'])}>{t('rules.create')}</a>}
        <a class="button" href={href(['trace'], { action: 'quarantine', since: '30d' })}>{t('held.past')}</a>
      </div>
    </Empty>
  );
}

function List({ list, waits, onAsk }: { list: Schemas['HeldList']; waits: boolean; onAsk: (question: Question) => void }) {
  const mayRelease = useMay('operate');
  return (
    <>
      {list.messages.length === 0 ? <Nothing /> : (
        <>
          <p class="faint" role="status">{t('held.count', { n: list.messages.length })}</p>
          <Table label={t('held.title')} class="held">
            <thead>
              <tr>
                <th scope="col">{t('trace.column.time')}</th>
                <th scope="col">{t('trace.column.from')}</th>
                <th scope="col">{t('trace.column.to')}</th>
                <th scope="col">{t('trace.column.subject')}</th>
                <th scope="col">{t('held.reason')}</th>
                <th scope="col" class="number">{t('message.size')}</th>
                {mayRelease && <th scope="col">{t('held.decide')}</th>}
              </tr>
            </thead>
            <tbody>{newestFirst(list.messages).map((one) => <Row key={one.queue_id} of={one} waits={waits} onAsk={onAsk} />)}</tbody>
          </Table>
        </>
      )}
      {list.others > 0 && <p class="faint">{t('held.others', { n: list.others })}</p>}
      {list.left_out > 0 && <p class="notice warn">{t('held.left-out', { n: list.left_out })}</p>}
    </>
  );
}

function Ask({ question, onYes, onNo }: { question: Question; onYes: () => void; onNo: () => void }) {
  const { order, message } = question;
  const { first, rest } = split(message.recipients);
  const recipients = [...first.map(shown), ...(rest.length > 0 ? [t('held.more', { n: rest.length })] : [])].join(', ');
  return (
    <Confirm title={t(`held.${order}.title`)} yes={t(`held.${order}`)} onYes={onYes} onNo={onNo}>
      <Facts rows={[
        [t('trace.column.subject'), message.subject],
        [t('trace.column.from'), message.sender || '<>'],
        [t('trace.column.to'), recipients],
        [t('held.reason'), message.reason],
      ]} />
      <p>{t(`held.${order}.text`)}</p>
      <p>{t('held.recorded')}</p>
    </Confirm>
  );
}

export function Held() {
  const list = useLoad((signal) => get<Schemas['HeldList']>('api/exchange/quarantine', {}, signal), '');
  const [question, setQuestion] = useState<Question | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [waits, setWaits] = useState(false);
  const decide = async (of: Question) => {
    setQuestion(null);
    setWaits(true);
    let error: ApiError | null = null;
    try {
      await carryOut(of);
    } catch (reason) {
      error = asError(reason);
    }
    setWaits(false);
    setOutcome({ ...of, error });
    list.again();
  };
  const lookAgain = () => {
    setOutcome(null);
    list.again();
  };
  const obstacle = list.error ? obstacleOf(list.error.status, list.error.message) : null;
  return (
    <>
      <Heading title={t('held.title')}>
        <button type="button" disabled={list.waits} onClick={lookAgain}>{t('doctor.again')}</button>
      </Heading>
      <p class="lead">{t('held.lead')}</p>
      {outcome && <Told of={outcome} />}
      {list.error && obstacle ? (
        <Cannot obstacle={obstacle} detail={list.error.message} again={lookAgain} />
      ) : (
        <Shown of={list}>{(data) => <List list={data} waits={waits} onAsk={setQuestion} />}</Shown>
      )}
      {question && <Ask question={question} onYes={() => void decide(question)} onNo={() => setQuestion(null)} />}
      <ZoneNote />
    </>
  );
}
