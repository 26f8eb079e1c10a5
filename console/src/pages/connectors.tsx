// All connectors, as the API finds them.
import { get, type Schemas } from '../api/client';
import { t, word } from '../i18n';
import { Shown, useLoad } from '../parts/load';
import { Badge, Empty, Field, Heading, Select, Table, Time } from '../parts/page';
import { go, href } from '../router';
import { useMay } from '../session';
import type { PageProps } from '../shell';
import { shown } from '../text';

type Listed = Schemas['ListedConnector'];

export function validationOf(last: Listed['validated']) {
  if (!last) return <span class="faint">{t('validation.never')}</span>;
  return (
    <>
      <Badge group="validation" value={last.result} /> <Time of={last.time} />
    </>
  );
}

function Row({ connector }: { connector: Listed }) {
  return (
    <tr>
      <th scope="row">
        <a href={href(['connectors', connector.direction, connector.name])}>{connector.name}</a>
      </th>
      <td>{word('direction', connector.direction)}</td>
      <td>{word('scenario', connector.scenario)}</td>
      <td>
        <Badge group="status" value={connector.status} /> {connector.mode === 'audit' && <Badge group="mode" value="audit" />}
      </td>
      <td>{shown(connector.sender ?? connector.destination ?? '')}</td>
      <td>{shown(connector.tls)}</td>
      <td>{validationOf(connector.validated)}</td>
    </tr>
  );
}

function List({ connectors, isFiltered }: { connectors: Listed[]; isFiltered: boolean }) {
  const mayCreate = useMay('admin');
  if (connectors.length === 0 && isFiltered) {
    return (
      <Empty>
        <p>{t('connectors.none-found')}</p>
        <a class="button" href={href(['connectors'])}>{t('connectors.show-all')}</a>
      </Empty>
    );
  }
  if (connectors.length === 0) {
    return (
      <Empty>
        <p>{t('connectors.none')}</p>
        {mayCreate && <a class="button primary" href={href(['connectors', 'new'])}>{t('connectors.create')}</a>}
      </Empty>
    );
  }
  return (
    <Table label={t('connectors.title')}>
      <thead>
        <tr>
          {(['name', 'direction', 'scenario', 'status', 'far-side', 'tls', 'validated'] as const).map((column) => (
            <th scope="col" key={column}>{t(`connectors.column.${column}`)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {connectors.map((connector) => <Row key={`${connector.direction} ${connector.name}`} connector={connector} />)}
      </tbody>
    </Table>
  );
}

export function Connectors({ place }: PageProps) {
  const { text, direction, status } = place.query;
  const mayCreate = useMay('admin');
  const query = { text, direction, status };
  const list = useLoad(
    (signal) => get<Schemas['ConnectorList']>('api/exchange/connectors', query, signal),
    JSON.stringify(query),
  );
  const filter = (more: Record<string, string>) => go(['connectors'], { ...query, ...more });
  return (
    <>
      <Heading title={t('connectors.title')}>
        {mayCreate && <a class="button primary" href={href(['connectors', 'new'])}>{t('connectors.create')}</a>}
      </Heading>
      <p class="lead">{t('connectors.lead')}</p>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Field label={t('connectors.filter.text')} name="text">
          {(ids) => <input {...ids} type="search" value={text ?? ''} onChange={(event) => filter({ text: event.currentTarget.value })} />}
        </Field>
        <Select label={t('connectors.column.direction')} name="direction" value={direction ?? ''} onChange={(value) => filter({ direction: value })}
          options={[['', t('any')], ['inbound', word('direction', 'inbound')], ['outbound', word('direction', 'outbound')]]} />
        <Select label={t('connectors.column.status')} name="status" value={status ?? ''} onChange={(value) => filter({ status: value })}
          options={[['', t('any')], ['enabled', word('status', 'enabled')], ['disabled', word('status', 'disabled')]]} />
      </form>
      <Shown of={list}>
        {(data) => (
          <>
            <p class="faint" role="status">{t('connectors.count', { n: data.connectors.length })}</p>
            <List connectors={data.connectors} isFiltered={Boolean(text || direction || status)} />
          </>
        )}
      </Shown>
    </>
  );
}
