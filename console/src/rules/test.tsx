// What rules would do with a message that is pasted or dropped here, and how it would leave. Nothing is changed.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, type Schemas } from '../api/client';
import { t } from '../i18n';
import { Problem, Waiting } from '../parts/load';
import { Badge, Field, Table } from '../parts/page';
import { base64, shown } from '../text';
import { envelopeOf, type Rule } from './draft';

type Answer = Schemas['Explanation'];

const longest = 700_000; // bytes, since the API takes a body of 1 MiB and base64 makes four of three

function Hits({ hits }: { hits: Answer['rules'] }) {
  if (hits.length === 0) return <p>{t('rules.test.none')}</p>;
  return (
    <Table label={t('rules.title')}>
      <thead>
        <tr>
          <th scope="col">{t('rules.column.name')}</th>
          <th scope="col">{t('rules.column.actions')}</th>
          <th scope="col">{t('rules.test.because')}</th>
        </tr>
      </thead>
      <tbody>
        {hits.map((hit) => (
          <tr key={hit.rule}>
            <th scope="row">{shown(hit.rule)} {hit.mode === 'audit' && <Badge group="mode" value="audit" />}</th>
            <td>{hit.actions.map(shown).join(', ') || '–'}</td>
            <td>{shown(hit.skipped_because ?? hit.because)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Result({ of }: { of: Answer }) {
  return (
    <div role="status">
      <p>
        <Badge group="action" value={of.action} /> {of.reply && <code>{shown(of.reply)}</code>}
      </p>
      <Hits hits={of.rules} />
      {of.leaves_as && (
        <>
          <h3>{t('rules.test.leaves')}</h3>
          <pre tabIndex={0} role="group" aria-label={t('rules.test.leaves')} class="message">{of.leaves_as.replaceAll('\r\n', '\n').split('\n').map(shown).join('\n')}</pre>
        </>
      )}
    </div>
  );
}

export function TestRule({ rule }: { rule: () => Rule }) {
  const [bytes, setBytes] = useState<Uint8Array>(new Uint8Array());
  const [text, setText] = useState('');
  const [envelope, setEnvelope] = useState({ client_ip: '203.0.113.25', mail_from: '', rcpt_to: '' });
  const [cut, setCut] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [waits, setWaits] = useState(false);
  const take = (message: Uint8Array, isCut: boolean) => {
    const words = new TextDecoder().decode(message);
    const { from, to } = envelopeOf(words);
    setBytes(message);
    setText(words);
    setCut(isCut);
    setEnvelope((old) => ({ ...old, mail_from: from || old.mail_from, rcpt_to: to || old.rcpt_to }));
  };
  // Only the beginning of a large one is read at all.
  const takeFile = async (file: File | null | undefined) => {
    if (file) take(new Uint8Array(await file.slice(0, longest).arrayBuffer()), file.size > longest);
  };
  const run = async () => {
    setWaits(true);
    setError(null);
    const recipients = envelope.rcpt_to.split(/[\s,;]+/).filter(Boolean);
    const body = { client_ip: envelope.client_ip, mail_from: envelope.mail_from, rcpt_to: recipients, message_base64: base64(bytes), rule: rule() };
    try {
      setAnswer((await ask<Answer>('api/exchange/rules/test', { method: 'POST', body })).data);
    } catch (reason) {
      setAnswer(null);
      setError(asError(reason));
    }
    setWaits(false);
  };
  return (
    <section aria-labelledby="test" onDragOver={(event) => event.preventDefault()} onDrop={(event) => {
      event.preventDefault();
      void takeFile(event.dataTransfer?.files[0]);
    }}>
      <h2 id="test">{t('rules.test.title')}</h2>
      <p>{t('rules.test.lead')}</p>
      <Field label={t('rules.test.file')} name="eml">
        {(ids) => <input {...ids} type="file" accept=".eml,message/rfc822" onChange={(event) => void takeFile(event.currentTarget.files?.[0])} />}
      </Field>
      <Field label={t('rules.test.message')} name="message" help={cut ? t('rules.test.cut') : undefined}>
        {(ids) => <textarea {...ids} rows={8} spellcheck={false} value={text} onInput={(event) => take(new TextEncoder().encode(event.currentTarget.value).slice(0, longest), event.currentTarget.value.length > longest)} />}
      </Field>
      <div class="filters">
        {(['client_ip', 'mail_from', 'rcpt_to'] as const).map((part) => (
          <Field key={part} label={t(`rules.test.${part}`)} name={`test-${part}`}>
            {(ids) => <input {...ids} spellcheck={false} autocomplete="off" value={envelope[part]} onInput={(event) => {
              const { value } = event.currentTarget;
              setEnvelope((old) => ({ ...old, [part]: value }));
            }} />}
          </Field>
        ))}
        <button type="button" disabled={waits} onClick={run}>{t('rules.test.run')}</button>
      </div>
      {waits && <Waiting />}
      {error && <Problem error={error} />}
      {answer && !waits && <Result of={answer} />}
    </section>
  );
}

