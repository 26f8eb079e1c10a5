// The form of a rule: what mail must have, what keeps the rule away, and what is done. Its keys are the API's own.
import { type Key, t, word } from '../i18n';
import { Field, Select } from '../parts/page';
import { shown } from '../text';
import { type Action, type Draft, type HeaderRow, type Keys, keysOfAction, type Row, type SchemaKey } from './draft';

export interface Wrong {
  field: string;
  message: string;
}

interface InputProps {
  of: SchemaKey;
  name: string;
  label: string;
  value: string;
  wrong: string;
  onChange: (value: string) => void;
}

function help(key: SchemaKey): string {
  return [shown(key.help.replaceAll('`', '')), key.kind === 'list' ? t('rules.one-a-line') : '', t('rules.example', { example: key.example })].filter(Boolean).join(' ');
}

// A list of few words: each is on or off.
function Choices({ of, name, label, value, wrong, onChange }: InputProps) {
  const chosen = value.split(/\s+/).filter(Boolean);
  const toggle = (one: string, on: boolean) => onChange(of.choices.filter((choice) => (choice === one ? on : chosen.includes(choice))).join('\n'));
  return (
    <fieldset class="choices-of">
      <legend>{label}</legend>
      {of.choices.map((one) => (
        <label class="check" key={one}>
          <input type="checkbox" name={name} checked={chosen.includes(one)} onChange={(event) => toggle(one, event.currentTarget.checked)} />
          <span>{one}</span>
        </label>
      ))}
      {wrong && <p class="wrong">{shown(wrong)}</p>}
    </fieldset>
  );
}

function Input(props: InputProps) {
  const { of, name, label, value, wrong, onChange } = props;
  if (of.kind === 'list' && of.choices.length > 0) return <Choices {...props} />;
  const options = of.kind === 'boolean' ? ['true', 'false'] : of.choices;
  return (
    <Field label={label} help={help(of)} error={wrong || undefined} name={name}>
      {(ids) =>
        options.length > 0 ? (
          <select {...ids} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
            <option value="">{of.default ? t('rules.default', { value: of.default.replaceAll('"', '') }) : '–'}</option>
            {options.map((one) => <option key={one} value={one}>{of.kind === 'boolean' ? word('boolean', one) : one}</option>)}
          </select>
        ) : of.kind === 'list' || of.kind === 'text' ? (
          <textarea {...ids} rows={3} spellcheck={false} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
        ) : (
          <input {...ids} spellcheck={false} autocomplete="off" inputMode={of.kind === 'integer' ? 'numeric' : 'text'} value={value}
            onInput={(event) => onChange(event.currentTarget.value)} />
        )
      }
    </Field>
  );
}

function Headers({ rows, name, onChange }: { rows: HeaderRow[]; name: string; onChange: (rows: HeaderRow[]) => void }) {
  const set = (index: number, more: Partial<HeaderRow>) => onChange(rows.map((row, at) => (at === index ? { ...row, ...more } : row)));
  return (
    <>
      {rows.map((row, index) => (
        <div class="filters" key={index}>
          {(['name', 'words', 'patterns'] as const).map((part) => (
            <Field key={part} label={t(`rules.header.${part}`)} name={`${name}-${index}-${part}`}>
              {(ids) =>
                part === 'name' ? (
                  <input {...ids} spellcheck={false} value={row.name} onInput={(event) => set(index, { name: event.currentTarget.value })} />
                ) : (
                  <textarea {...ids} rows={2} spellcheck={false} value={row[part]} onInput={(event) => set(index, { [part]: event.currentTarget.value })} />
                )
              }
            </Field>
          ))}
        </div>
      ))}
      <button type="button" onClick={() => onChange([...rows, { name: '', words: '', patterns: '' }])}>{t('rules.header.add')}</button>
    </>
  );
}

const messageOf = (wrongs: Wrong[], field: string) =>
  wrongs.filter((one) => one.field === field || one.field.startsWith(`${field}[`)).map((one) => one.message).join(' ');

function Conditions({ of, rows, keys, wrongs, onChange }: {
  of: 'when' | 'unless';
  rows: Row[];
  keys: SchemaKey[];
  wrongs: Wrong[];
  onChange: (rows: Row[]) => void;
}) {
  const set = (index: number, row: Row) => onChange(rows.map((old, at) => (at === index ? row : old)));
  const free = (current: string) => keys.filter((key) => key.name === current || !rows.some((row) => row.key === key.name));
  const choose = (index: number, key: string) => set(index, key === 'header' ? { key, value: '', headers: [{ name: '', words: '', patterns: '' }] } : { key, value: '' });
  return (
    <fieldset class="block">
      <legend>{t(`rules.${of}`)}</legend>
      <p class="faint">{t(`rules.${of}.help`)}</p>
      {rows.map((row, index) => {
        const key = keys.find((one) => one.name === row.key);
        const name = `${of}-${index}`;
        return (
          <div class="condition" key={index}>
            <Select label={t('rules.condition', { n: index + 1 })} name={`${name}-key`} value={row.key} onChange={(value) => choose(index, value)}
              options={[['', t('rules.choose')], ...free(row.key).map((one): [string, string] => [one.name, one.name]), ['header', 'header']]} />
            {row.headers && <Headers rows={row.headers} name={name} onChange={(headers) => set(index, { ...row, headers })} />}
            {key && <Input of={key} name={name} label={row.key} value={row.value} wrong={messageOf(wrongs, `${of}.${row.key}`)} onChange={(value) => set(index, { ...row, value })} />}
            <button type="button" aria-label={t('rules.remove.of', { what: row.key || t('rules.condition', { n: index + 1 }) })}
              onClick={() => onChange(rows.filter((_, at) => at !== index))}>{t('rules.remove')}</button>
          </div>
        );
      })}
      <button type="button" onClick={() => onChange([...rows, { key: '', value: '' }])}>{t(`rules.${of}.add`)}</button>
    </fieldset>
  );
}

function Actions({ actions, keys, wrongs, onChange }: { actions: Action[]; keys: Keys; wrongs: Wrong[]; onChange: (actions: Action[]) => void }) {
  const set = (index: number, action: Action) => onChange(actions.map((old, at) => (at === index ? action : old)));
  const kinds = keys.action.find((key) => key.name === 'do')?.choices ?? [];
  return (
    <fieldset class="block">
      <legend>{t('rules.action')}</legend>
      {actions.map((action, index) => (
        <div class="condition" key={index}>
          <Select label={t('rules.action.n', { n: index + 1 })} name={`action-${index}-do`} value={action.do} onChange={(value) => set(index, { ...action, do: value })}
            options={[['', t('rules.choose')], ...kinds.map((one): [string, string] => [one, `${one} – ${word('rule-action', one)}`])]} />
          {action.do && keysOfAction(keys, action.do).map((key) => (
            <Input key={key.name} of={key} name={`action-${index}-${key.name}`} label={key.name} value={action.values[key.name] ?? ''}
              wrong={messageOf(wrongs, `action.${key.name}`)} onChange={(value) => set(index, { ...action, values: { ...action.values, [key.name]: value } })} />
          ))}
          <button type="button" aria-label={t('rules.remove.of', { what: action.do || t('rules.action.n', { n: index + 1 }) })}
            onClick={() => onChange(actions.filter((_, at) => at !== index))}>{t('rules.remove')}</button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...actions, { do: '', values: {} }])}>{t('rules.action.add')}</button>
    </fieldset>
  );
}

const first = ['comment', 'mode'];
const further = ['priority', 'stop', 'on_error', 'split', 'severity', 'activate_at', 'expire_at', 'enabled'];

export function Editor({ draft, keys, isThere, wrongs, missing, onChange }: {
  draft: Draft;
  keys: Keys;
  isThere: boolean; // the rule, whose name stays
  wrongs: Wrong[];
  missing: Key | null;
  onChange: (draft: Draft) => void;
}) {
  const own = (name: string) => {
    const key = keys.rule.find((one) => one.name === name);
    return key && (
      <Input key={name} of={key} name={`rule-${name}`} label={word('rule-key', name)} value={draft.values[name] ?? ''} wrong={messageOf(wrongs, name)}
        onChange={(value) => onChange({ ...draft, values: { ...draft.values, [name]: value } })} />
    );
  };
  return (
    <>
      {!isThere && (
        <Field label={t('wizard.name')} help={t('rules.name.help')} name="rule-name" error={(missing === 'rules.missing.name' && t(missing)) || messageOf(wrongs, 'name') || undefined}>
          {(ids) => <input {...ids} spellcheck={false} autocomplete="off" maxLength={64} value={draft.values['name'] ?? ''}
            onInput={(event) => onChange({ ...draft, values: { ...draft.values, name: event.currentTarget.value } })} />}
        </Field>
      )}
      {first.map(own)}
      <label class="check">
        <input type="checkbox" checked={draft.all} onChange={(event) => onChange({ ...draft, all: event.currentTarget.checked })} />
        <span>{t('rules.all')}</span>
      </label>
      {!draft.all && <Conditions of="when" rows={draft.when} keys={keys.when} wrongs={wrongs} onChange={(when) => onChange({ ...draft, when })} />}
      {missing === 'rules.missing.when' && <p class="wrong" role="alert">{t(missing)}</p>}
      <Conditions of="unless" rows={draft.unless} keys={keys.when} wrongs={wrongs} onChange={(unless) => onChange({ ...draft, unless })} />
      <Actions actions={draft.actions} keys={keys} wrongs={wrongs} onChange={(actions) => onChange({ ...draft, actions })} />
      {missing === 'rules.missing.action' && <p class="wrong" role="alert">{t(missing)}</p>}
      <details>
        <summary>{t('rules.further')}</summary>
        {further.map(own)}
      </details>
    </>
  );
}
