// Who may use the API, and who is logged in.
import { useState } from 'preact/hooks';
import { type ApiError, asError, ask, get, type Schemas } from '../api/client';
import { t, word } from '../i18n';
import { Problem, Shown, useLoad } from '../parts/load';
import { Empty, Heading, Table, Time, ZoneNote } from '../parts/page';
import { shown } from '../text';

type Session = Schemas['SessionList']['sessions'][number];

function Sessions({ sessions, again }: { sessions: Session[]; again: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const end = async (id: string) => {
    try {
      await ask(`api/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
    } catch (reason) {
      setError(asError(reason));
    }
    again();
  };
  return (
    <>
      {error && <Problem error={error} />}
      <Table label={t('access.sessions')}>
        <thead>
          <tr>
            {(['name', 'role', 'peer', 'began', 'used', 'end'] as const).map((column) => (
              <th scope="col" key={column}>{t(`access.${column}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id}>
              <th scope="row">{shown(session.name)}</th>
              <td>{word('role', session.role)}</td>
              <td>{shown(session.peer)}</td>
              <td><Time of={session.began} /></td>
              <td><Time of={session.used} /></td>
              <td>
                {session.own ? (
                  <span class="faint">{t('access.own')}</span>
                ) : (
                  <button type="button" aria-label={t('access.end.of', { name: session.name })} onClick={() => void end(session.id)}>{t('access.end')}</button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

function Tokens({ tokens }: { tokens: Schemas['TokenList']['tokens'] }) {
  if (tokens.length === 0) return <Empty><p>{t('access.no-tokens')}</p></Empty>;
  return (
    <Table label={t('access.tokens')}>
      <thead>
        <tr>
          <th scope="col">{t('access.name')}</th>
          <th scope="col">{t('access.role')}</th>
          <th scope="col">{t('access.created')}</th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.name}>
            <th scope="row">{shown(token.name)}</th>
            <td>{word('role', token.role)}</td>
            <td><Time of={token.created} /></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function Access() {
  const sessions = useLoad((signal) => get<Schemas['SessionList']>('api/sessions', {}, signal), '');
  const tokens = useLoad((signal) => get<Schemas['TokenList']>('api/tokens', {}, signal), '');
  return (
    <>
      <Heading title={t('access.title')} />
      <section aria-labelledby="sessions">
        <h2 id="sessions">{t('access.sessions')}</h2>
        <p>{t('access.sessions.lead')}</p>
        <Shown of={sessions}>{(data) => <Sessions sessions={data.sessions} again={sessions.again} />}</Shown>
      </section>
      <section aria-labelledby="tokens">
        <h2 id="tokens">{t('access.tokens')}</h2>
        <Shown of={tokens}>{(data) => <Tokens tokens={data.tokens} />}</Shown>
        <p class="faint">
          {t('access.tokens.how')} <code>connectorctl token add NAME --role read</code>
        </p>
      </section>
      <ZoneNote />
    </>
  );
}
