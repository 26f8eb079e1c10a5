// A connector as the wizard's forms have it: texts that are being written. Pure.
import type { Schemas } from '../api/client';

export type Connector = Schemas['Connector'];
type Inbound = Schemas['InboundConnector'];
type Outbound = Schemas['OutboundConnector'];
export type Direction = 'inbound' | 'outbound';
export type Scenario = Inbound['scenario'];

export interface Draft {
  direction: Direction;
  scenario: Scenario;
  name: string;
  comment: string;
  enabled: boolean;
  audit: boolean;
  // inbound: who it is
  senderDomains: string;
  networks: string;
  certificate: string;
  // inbound: what is required
  requireTls: boolean;
  tlsVersion: string;
  requireNetworks: string;
  requireSubject: string;
  requireIssuer: string;
  requireSpf: boolean;
  requireDkim: '' | 'pass' | 'aligned';
  requireDmarc: boolean;
  // outbound
  recipientDomains: string;
  fromSenders: string;
  fromDomains: string;
  byRule: boolean;
  route: 'mx' | 'hosts';
  smartHosts: string;
  tlsLevel: '' | 'opportunistic' | 'require' | 'verify' | 'match' | 'sts' | 'dane';
  tlsMatch: string;
  tlsCertificate: string;
  tlsKey: string;
}

export const emptyDraft: Draft = {
  direction: 'inbound',
  scenario: 'partner',
  name: '',
  comment: '',
  enabled: true,
  audit: true,
  senderDomains: '',
  networks: '',
  certificate: '',
  requireTls: true,
  tlsVersion: 'TLSv1.2',
  requireNetworks: '',
  requireSubject: '',
  requireIssuer: '',
  requireSpf: false,
  requireDkim: '',
  requireDmarc: false,
  recipientDomains: '',
  fromSenders: '',
  fromDomains: '',
  byRule: false,
  route: 'mx',
  smartHosts: '',
  tlsLevel: 'verify',
  tlsMatch: '',
  tlsCertificate: '',
  tlsKey: '',
};

export type Step = 'flow' | 'name' | 'identify' | 'require' | 'use' | 'route' | 'tls' | 'review';

export function steps(draft: Draft): Step[] {
  if (draft.direction === 'inbound') return ['flow', 'name', 'identify', 'require', 'review'];
  return ['flow', 'name', 'use', 'route', 'tls', 'review'];
}

// One a line, or between commas.
export function list(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

// Without what says nothing.
function compact<T extends object>(object: T): Partial<T> {
  const kept = Object.entries(object).filter(([, value]) => {
    if (value === undefined || value === '' || value === false) return false;
    if (Array.isArray(value)) return value.length > 0;
    return typeof value !== 'object' || value === null || Object.keys(value as object).length > 0;
  });
  return Object.fromEntries(kept) as Partial<T>;
}

function inbound(draft: Draft): Inbound {
  const certificate = compact({ subject: draft.requireSubject.trim(), issuer: draft.requireIssuer.trim() });
  const require = compact({
    tls: draft.requireTls,
    tls_version: draft.requireTls ? draft.tlsVersion : '',
    client_networks: list(draft.requireNetworks),
    spf: draft.requireSpf ? 'pass' : '',
    dkim: draft.requireDkim,
    dmarc: draft.requireDmarc ? 'pass' : '',
    certificate,
  });
  return {
    name: draft.name.trim(),
    direction: 'inbound',
    scenario: draft.scenario,
    ...(draft.enabled ? {} : { enabled: false }),
    ...(draft.audit ? { mode: 'audit' as const } : {}),
    ...compact({ comment: draft.comment.trim() }),
    identify: compact({
      sender_domains: list(draft.senderDomains),
      client_networks: list(draft.networks),
      certificate: compact({ subject: draft.certificate.trim() }),
    }) as Inbound['identify'],
    ...(Object.keys(require).length > 0 ? { require: require as NonNullable<Inbound['require']> } : {}),
  };
}

function outbound(draft: Draft): Outbound {
  const tls = compact({ level: draft.tlsLevel, match: draft.tlsLevel === 'match' ? list(draft.tlsMatch) : [], certificate: draft.tlsCertificate.trim(), key: draft.tlsKey.trim() });
  const route = draft.route === 'hosts' ? compact({ smart_hosts: list(draft.smartHosts) }) : {};
  return {
    name: draft.name.trim(),
    direction: 'outbound',
    scenario: draft.scenario,
    ...(draft.enabled ? {} : { enabled: false }),
    ...compact({ comment: draft.comment.trim(), rule_scoped: draft.byRule }),
    ...(draft.byRule ? {} : compact({ recipient_domains: list(draft.recipientDomains), senders: list(draft.fromSenders), sender_domains: list(draft.fromDomains) })),
    ...(Object.keys(route).length > 0 ? { route } : {}),
    ...(Object.keys(tls).length > 0 ? { tls: tls as NonNullable<Outbound['tls']> } : {}),
  } as Outbound;
}

export function toConnector(draft: Draft): Connector {
  return draft.direction === 'inbound' ? inbound(draft) : outbound(draft);
}

// What the forms show of a connector that is there.
export function fromConnector(connector: Connector): Draft {
  const common = { ...emptyDraft, direction: connector.direction, scenario: connector.scenario, name: connector.name, comment: connector.comment ?? '', enabled: connector.enabled !== false };
  const text = (values: string[] | undefined) => (values ?? []).join('\n');
  if (connector.direction === 'inbound') {
    const { identify, require = {} } = connector;
    return {
      ...common,
      audit: connector.mode === 'audit',
      senderDomains: text(identify.sender_domains),
      networks: text(identify.client_networks),
      certificate: identify.certificate?.subject ?? '',
      requireTls: require.tls === true || require.tls_version !== undefined,
      tlsVersion: require.tls_version ?? '',
      requireNetworks: text(require.client_networks),
      requireSubject: require.certificate?.subject ?? '',
      requireIssuer: require.certificate?.issuer ?? '',
      requireSpf: require.spf === 'pass',
      requireDkim: require.dkim ?? '',
      requireDmarc: require.dmarc === 'pass',
    };
  }
  return {
    ...common,
    recipientDomains: text(connector.recipient_domains),
    fromSenders: text(connector.senders),
    fromDomains: text(connector.sender_domains),
    byRule: connector.rule_scoped === true,
    route: (connector.route?.smart_hosts ?? []).length > 0 ? 'hosts' : 'mx',
    smartHosts: text(connector.route?.smart_hosts),
    tlsLevel: connector.tls?.level ?? '',
    tlsMatch: text(connector.tls?.match),
    tlsCertificate: connector.tls?.certificate ?? '',
    tlsKey: connector.tls?.key ?? '',
  };
}

// Which step has the field that the API names, so that one is led there.
export function stepOf(field: string, direction: Direction): Step {
  if (['name', 'comment', 'enabled', 'mode'].includes(field)) return 'name';
  if (['scenario', 'direction'].includes(field)) return 'flow';
  if (direction === 'inbound') return field.startsWith('identify') ? 'identify' : 'require';
  if (field.startsWith('route')) return 'route';
  return field.startsWith('tls') ? 'tls' : 'use';
}

export type Complaint = 'wizard.missing.name' | 'wizard.missing.identify' | 'wizard.missing.domains' | 'wizard.missing.hosts'
  | 'wizard.bad.name';

// What is missing of a step; all else is the API's to say.
export function complaint(draft: Draft, step: Step): Complaint | null {
  if (step === 'name' && !draft.name.trim()) return 'wizard.missing.name';
  if (step === 'name' && !/^[A-Za-z0-9._-]{1,100}$/.test(draft.name.trim())) return 'wizard.bad.name';
  const identity = draft.senderDomains + draft.networks + draft.certificate;
  if (step === 'identify' && !identity.trim()) return 'wizard.missing.identify';
  if (step === 'use' && !draft.byRule && !(draft.recipientDomains + draft.fromSenders + draft.fromDomains).trim()) return 'wizard.missing.domains';
  if (step === 'route' && draft.route === 'hosts' && !draft.smartHosts.trim()) return 'wizard.missing.hosts';
  return null;
}
