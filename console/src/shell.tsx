// The frame of all pages: where one can go, who one is, and what concerns every page.
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Role } from './api/client';
import { type Key, type Language, language, setLanguage, t, word } from './i18n';
import { Access } from './pages/access';
import { Audit } from './pages/audit';
import { Certificates } from './pages/certificates';
import { ConnectorPage } from './pages/connector';
import { ConnectorEdit } from './pages/connector_edit';
import { Connectors } from './pages/connectors';
import { Doctor } from './pages/doctor';
import { Domains } from './pages/domains';
import { Held } from './pages/held';
import { Insights } from './pages/insights';
import { MessagePage } from './pages/message';
import { Overview } from './pages/overview';
import { Reports } from './pages/reports';
import { RulePage } from './pages/rule';
import { Rules } from './pages/rules';
import { SentReports } from './pages/sent_reports';
import { Trace } from './pages/trace';
import { Heading } from './parts/page';
import { href, type Place, usePlace } from './router';
import { logOut, readSession, type Session, useMay } from './session';
import { shown } from './text';
import { applyTheme, type Theme, theme } from './theme';
import { Wizard } from './wizard/wizard';

export interface PageProps {
  place: Place;
}

interface Page {
  path: string;
  title: Key;
  page: ComponentType<PageProps>;
  below?: ComponentType<PageProps>; // of a path with more words
  role?: Role;
}

const pages: Page[] = [
  { path: '', title: 'overview.title', page: Overview },
  { path: 'connectors', title: 'connectors.title', page: Connectors, below: ConnectorOrWizard },
  { path: 'rules', title: 'rules.title', page: Rules, below: RulePage },
  { path: 'trace', title: 'trace.title', page: Trace, below: MessagePage },
  { path: 'held', title: 'held.title', page: Held },
  { path: 'reports', title: 'reports.title', page: Reports, below: SentReports },
  { path: 'insights', title: 'insights.title', page: Insights },
  { path: 'certificates', title: 'certificates.title', page: Certificates },
  { path: 'domains', title: 'domains.title', page: Domains },
  { path: 'doctor', title: 'doctor.title', page: Doctor },
  { path: 'audit', title: 'audit.title', page: Audit },
  { path: 'access', title: 'access.title', page: Access, role: 'admin' },
];

function ConnectorOrWizard({ place }: PageProps) {
  if (place.path[1] === 'new') return <Wizard />;
  if (place.path[3] === 'edit') return <ConnectorEdit key={place.path.join('/')} place={place} />;
  return <ConnectorPage key={place.path.join('/')} place={place} />;
}

function NotFound() {
  return (
    <>
      <Heading title={t('not-found.title')} />
      <p>
        <a href={href([])}>{t('not-found.back')}</a>
      </p>
    </>
  );
}

function Navigation({ place, label }: { place: Place; label: string }) {
  const isAdmin = useMay('admin');
  return (
    <nav aria-label={label}>
      <ul>
        {pages
          .filter((page) => !page.role || isAdmin)
          .map((page) => (
            <li key={page.path}>
              <a href={href(page.path ? [page.path] : [])} aria-current={(place.path[0] ?? '') === page.path ? 'page' : undefined}>
                {t(page.title)}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}

function Choices({ onLanguage }: { onLanguage: () => void }) {
  const [chosen, setChosen] = useState<Theme>(theme());
  const change = (to: Theme) => {
    applyTheme(to);
    setChosen(to);
  };
  return (
    <div class="choices">
      <label>
        {t('shell.language')}{' '}
        <select value={language()} onChange={(event) => {
          setLanguage(event.currentTarget.value as Language);
          onLanguage();
        }}>
          <option value="en" lang="en">English</option>
          <option value="de" lang="de">Deutsch</option>
        </select>
      </label>
      <label>
        {t('shell.theme')}{' '}
        <select value={chosen} onChange={(event) => change(event.currentTarget.value as Theme)}>
          <option value="auto">{t('shell.theme.auto')}</option>
          <option value="light">{t('shell.theme.light')}</option>
          <option value="dark">{t('shell.theme.dark')}</option>
        </select>
      </label>
    </div>
  );
}

// The server may be another than the one this page came with.
function useNewerServer(session: Session): boolean {
  const [isNewer, setIsNewer] = useState(false);
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      readSession().then((now) => setIsNewer(now.version !== session.version), () => {});
    };
    const timer = setInterval(look, 60_000);
    return () => clearInterval(timer);
  }, [session]);
  return isNewer;
}

function Current({ place }: PageProps) {
  const isAdmin = useMay('admin');
  const page = pages.find((one) => one.path === (place.path[0] ?? ''));
  if (!page || (page.role && !isAdmin)) return <NotFound />;
  const Chosen = place.path.length > 1 ? page.below : page.page;
  return Chosen ? <Chosen place={place} /> : <NotFound />;
}

export function Shell({ session, onLeave, onLanguage }: { session: Session; onLeave: () => void; onLanguage: () => void }) {
  const place = usePlace();
  const main = useRef<HTMLElement>(null);
  const menu = useRef<HTMLDetailsElement>(null);
  const isNewer = useNewerServer(session);
  useEffect(() => {
    if (menu.current) menu.current.open = false;
  }, [place]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.querySelector('h1')?.focus()}>
        {t('shell.skip')}
      </button>
      <header class="top">
        <a class="brand" href={href([])}>
          connectord
        </a>
        <span class="who">
          {shown(session.name)} <span class="badge">{word('role', session.role)}</span>
        </span>
        <button type="button" onClick={() => void logOut().catch(() => {}).then(onLeave)}>
          {t('shell.log-out')}
        </button>
      </header>
      <details class="menu" ref={menu}>
        <summary>{t('shell.menu')}</summary>
        <Navigation place={place} label={t('shell.menu')} />
      </details>
      <div class="side">
        <Navigation place={place} label={t('shell.pages')} />
      </div>
      <main ref={main} key={language()}>
        {isNewer && (
          <p class="notice warn" role="status">
            {t('shell.newer')}{' '}
            <button type="button" onClick={() => location.reload()}>
              {t('shell.reload')}
            </button>
          </p>
        )}
        <Current place={place} />
      </main>
      <footer>
        <span>
          connectord {session.version} · {shown(session.host)}
        </span>
        <Choices onLanguage={onLanguage} />
      </footer>
    </div>
  );
}
