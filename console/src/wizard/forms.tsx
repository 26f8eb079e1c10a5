// The wizard's steps before its last.
import { type Key, t, word } from '../i18n';
import { Field } from '../parts/page';
import type { Complaint, Draft } from './draft';

export interface StepProps {
  draft: Draft;
  isThere: boolean; // the connector, whose name and direction stay
  errors: { field: string; message: string }[];
  missing: Complaint | null;
  change: (more: Partial<Draft>) => void;
}

type TextKey = { [K in keyof Draft]: Draft[K] extends string ? K : never }[keyof Draft];

interface TextProps extends StepProps {
  of: TextKey;
  field: string; // as the API calls it
  label: Key;
  help?: Key;
  lines?: boolean;
  complains?: boolean; // shows what is missing of the step
}

function Text({ draft, errors, missing, change, of, field, label, help, lines, complains }: TextProps) {
  const wrong = errors.filter((one) => one.field === field).map((one) => one.message).join(' ');
  const error = (complains && missing && t(missing)) || wrong || undefined;
  return (
    <Field label={t(label)} help={help && t(help)} error={error} name={of}>
      {(ids) =>
        lines ? (
          <textarea {...ids} rows={3} spellcheck={false} value={draft[of]} onInput={(e) => change({ [of]: e.currentTarget.value })} />
        ) : (
          <input {...ids} spellcheck={false} autocomplete="off" value={draft[of]} onInput={(e) => change({ [of]: e.currentTarget.value })} />
        )
      }
    </Field>
  );
}

function Check({ label, help, checked, onChange }: { label: string; help?: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        {label}
        {help && <small>{help}</small>}
      </span>
    </label>
  );
}

function Radio<T extends string>({ legend, name, value, options, onChange }: {
  legend: string;
  name: string;
  value: T;
  options: [T, string, string?][];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="radios">
      <legend>{legend}</legend>
      {options.map(([key, label, help]) => (
        <label class="check" key={key}>
          <input type="radio" name={name} value={key} checked={value === key} onChange={() => onChange(key)} />
          <span>
            {label}
            {help && <small>{help}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function FlowStep({ draft, change }: StepProps) {
  const there = draft.direction === 'inbound' ? 'from' : 'to';
  return (
    <>
      <p class="lead">{t('wizard.flow.lead')}</p>
      <Radio legend={t('wizard.flow.direction')} name="direction" value={draft.direction} onChange={(direction) => change({ direction })}
        options={[
          ['inbound', word('direction', 'inbound'), t('wizard.flow.inbound')],
          ['outbound', word('direction', 'outbound'), t('wizard.flow.outbound')],
        ]} />
      <Radio legend={t(`wizard.flow.${there}`)} name="scenario" value={draft.scenario} onChange={(scenario) => change({ scenario })}
        options={(['partner', 'on-premises', 'internet'] as const).map((one) => [one, word('scenario', one), t(`wizard.flow.${there}.${one}`)])} />
    </>
  );
}

export function NameStep(props: StepProps) {
  const { draft, change } = props;
  return (
    <>
      {!props.isThere && <Text {...props} of="name" field="name" label="wizard.name" help="wizard.name.help" complains />}
      <Text {...props} of="comment" field="comment" label="wizard.comment" help="wizard.comment.help" />
      <Check label={t('wizard.enabled')} checked={draft.enabled} onChange={(enabled) => change({ enabled })} />
      {draft.direction === 'inbound' && (
        <Check label={t('wizard.audit')} help={t('wizard.audit.help')} checked={draft.audit} onChange={(audit) => change({ audit })} />
      )}
    </>
  );
}

export function IdentifyStep(props: StepProps) {
  return (
    <>
      <p class="lead">{t('wizard.identify.lead')}</p>
      <Text {...props} of="senderDomains" field="identify.sender_domains" label="wizard.sender-domains" help="wizard.domains.help" lines complains />
      <Text {...props} of="networks" field="identify.client_networks" label="wizard.networks" help="wizard.networks.help" lines />
      <Text {...props} of="certificate" field="identify.certificate.subject" label="wizard.certificate" help="wizard.certificate.help" />
    </>
  );
}

export function RequireStep(props: StepProps) {
  const { draft, change } = props;
  return (
    <>
      <p class="lead">{t('wizard.require.lead')}</p>
      <Check label={t('wizard.require.tls')} help={t('wizard.require.tls.help')} checked={draft.requireTls}
        onChange={(requireTls) => change({ requireTls })} />
      {draft.requireTls && (
        <Field label={t('wizard.require.version')} name="tlsVersion">
          {(ids) => (
            <select {...ids} value={draft.tlsVersion} onChange={(event) => change({ tlsVersion: event.currentTarget.value })}>
              <option value="">{t('any')}</option>
              <option value="TLSv1.2">TLS 1.2</option>
              <option value="TLSv1.3">TLS 1.3</option>
              {!['', 'TLSv1.2', 'TLSv1.3'].includes(draft.tlsVersion) && <option value={draft.tlsVersion}>{draft.tlsVersion}</option>}
            </select>
          )}
        </Field>
      )}
      <Text {...props} of="requireSubject" field="require.certificate.subject" label="wizard.require.subject" help="wizard.certificate.help" />
      <Text {...props} of="requireIssuer" field="require.certificate.issuer" label="wizard.require.issuer" help="wizard.require.issuer.help" />
      <Text {...props} of="requireNetworks" field="require.client_networks" label="wizard.require.networks" help="wizard.networks.help" lines />
      <Check label={t('wizard.require.spf')} checked={draft.requireSpf} onChange={(requireSpf) => change({ requireSpf })} />
      <Check label={t('wizard.require.dmarc')} checked={draft.requireDmarc} onChange={(requireDmarc) => change({ requireDmarc })} />
      <Field label={t('wizard.require.dkim')} name="requireDkim">
        {(ids) => (
          <select {...ids} value={draft.requireDkim} onChange={(event) => change({ requireDkim: event.currentTarget.value as Draft['requireDkim'] })}>
            <option value="">{t('wizard.require.dkim.none')}</option>
            <option value="pass">{t('wizard.require.dkim.pass')}</option>
            <option value="aligned">{t('wizard.require.dkim.aligned')}</option>
          </select>
        )}
      </Field>
    </>
  );
}

export function UseStep(props: StepProps) {
  const { draft, change } = props;
  return (
    <>
      <Radio legend={t('wizard.use.legend')} name="use" value={draft.byRule ? 'rule' : 'domains'} onChange={(use) => change({ byRule: use === 'rule' })}
        options={[
          ['domains', t('wizard.use.domains')],
          ['rule', t('wizard.use.rule'), t('wizard.use.rule.help')],
        ]} />
      {!draft.byRule && (
        <>
          <Text {...props} of="recipientDomains" field="recipient_domains" label="wizard.recipient-domains" help="wizard.recipient-domains.help" lines complains />
          <Text {...props} of="fromSenders" field="senders" label="wizard.from-senders" help="wizard.from-senders.help" lines />
          <Text {...props} of="fromDomains" field="sender_domains" label="wizard.sender-domains" help="wizard.from-domains.help" lines />
        </>
      )}
    </>
  );
}

export function RouteStep(props: StepProps) {
  const { draft, change } = props;
  return (
    <>
      <Radio legend={t('wizard.route.legend')} name="route" value={draft.route} onChange={(route) => change({ route })}
        options={[
          ['mx', t('wizard.route.mx')],
          ['hosts', t('wizard.route.hosts')],
        ]} />
      {draft.route === 'hosts' && (
        <Text {...props} of="smartHosts" field="route.smart_hosts" label="wizard.smart-hosts" help="wizard.smart-hosts.help" lines complains />
      )}
    </>
  );
}

export function TlsStep(props: StepProps) {
  const { draft, change } = props;
  return (
    <>
      <Radio legend={t('wizard.tls.legend')} name="tls" value={draft.tlsLevel} onChange={(tlsLevel) => change({ tlsLevel })}
        options={(['', 'opportunistic', 'require', 'verify', 'match', 'sts', 'dane'] as const).map((level) => [
          level,
          t(`wizard.tls.${level === '' ? 'none' : level}`),
        ])} />
      {draft.tlsLevel === 'match' && (
        <Text {...props} of="tlsMatch" field="tls.match" label="wizard.tls.names" help="wizard.tls.names.help" lines />
      )}
      <Text {...props} of="tlsCertificate" field="tls.certificate" label="wizard.tls.certificate" help="wizard.tls.certificate.help" />
      <Text {...props} of="tlsKey" field="tls.key" label="wizard.tls.key" />
    </>
  );
}
