// What all pages are made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t, word } from '../i18n';
import * as format from '../format';
import { shown } from '../text';

let isFirst = true;

// The page's one heading. It gets the focus when the page changes, so that a screen reader says where one is.
export function Heading({ children, title }: { children?: ComponentChildren; title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${shown(title)} – connectord`;
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    if (!isFirst) scrollTo(0, 0);
    isFirst = false;
  }, [title]);
  return (
    <header class="heading">
      <h1 ref={heading} tabIndex={-1}>
        {shown(title)}
      </h1>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

const kinds: Record<string, string> = {
  enabled: 'good',
  accept: 'good',
  accepted: 'good',
  delivered: 'good',
  pass: 'good',
  passed: 'good',
  ok: 'good',
  reject: 'bad',
  refused: 'bad',
  bounced: 'bad',
  fail: 'bad',
  failed: 'bad',
  critical: 'bad',
  quarantine: 'warn',
  quarantined: 'warn',
  defer: 'warn',
  deferred: 'warn',
  temperror: 'warn',
  warning: 'warn',
  degraded: 'warn',
  audit: 'warn',
};

// A word that has a colour too, never a colour alone.
export function Badge({ group, value }: { group: string; value: string }) {
  return <span class={`badge ${kinds[value] ?? ''}`}>{word(group, value)}</span>;
}

export function Time({ of }: { of: string | number | null | undefined }) {
  if (of === null || of === undefined) return <>–</>;
  const iso = typeof of === 'number' ? new Date(of * 1000).toISOString() : of;
  return (
    <time dateTime={iso} title={format.relative(of)}>
      {format.time(of)}
    </time>
  );
}

export function ZoneNote() {
  return <p class="faint">{t('times-in', { zone: `${format.zone} (${format.zoneName()})` })}</p>;
}

// A table that scrolls by itself where the screen is narrow, also by keyboard.
export function Table({ label, children, class: name }: { label: string; children: ComponentChildren; class?: string }) {
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table class={name ?? ''}>{children}</table>
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const kept = rows.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false);
  return (
    <dl class="facts">
      {kept.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? shown(value) : value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface FieldProps {
  label: string;
  help?: string | undefined;
  error?: string | undefined;
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ComponentChildren;
  name: string;
}

// A control with its label, what to write there, and what is wrong with what was written.
export function Field({ label, help, error, children, name }: FieldProps) {
  const id = `field-${name}`;
  const describedBy = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...(describedBy ? { 'aria-describedby': describedBy } : {}), ...(error ? { 'aria-invalid': true } : {}) })}
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p class="wrong" id={`${id}-error`}>
          {shown(error)}
        </p>
      )}
    </div>
  );
}

export function Select({ label, name, value, options, onChange }: {
  label: string;
  name: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} name={name}>
      {(ids) => (
        <select {...ids} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
