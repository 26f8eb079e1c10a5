// The console: who is logged in, and which page is shown.
import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type ApiError, asError, secret, whenSessionEnds } from './api/client';
import { language } from './i18n';
import { Login } from './login';
import { Waiting } from './parts/load';
import { logIn, readSession, type Session, SessionContext, takeLink } from './session';
import { Shell } from './shell';
import { applyTheme } from './theme';

function Console() {
  const [session, setSession] = useState<Session | null>(null);
  const [waits, setWaits] = useState(true);
  const [problem, setProblem] = useState<ApiError | 'ended' | null>(null);
  const [, redraw] = useState(0);

  const open = useCallback(async (bearer: string | null) => {
    try {
      setProblem(null);
      if (bearer) await logIn(bearer);
      setSession(secret.get() ? await readSession() : null);
    } catch (error) {
      setSession(null);
      setProblem(asError(error));
    } finally {
      setWaits(false);
    }
  }, []);

  const leave = useCallback((why: 'ended' | null) => {
    secret.forget();
    setSession(null);
    setProblem(why);
  }, []);

  useEffect(() => {
    whenSessionEnds(() => leave('ended'));
    void open(takeLink());
  }, []);
  useEffect(() => {
    const follow = () => {
      const link = takeLink();
      if (link) void open(link);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);

  document.documentElement.lang = language();
  if (waits) return <Waiting />;
  if (!session) return <Login problem={problem} onToken={open} />;
  return (
    <SessionContext.Provider value={session}>
      <Shell session={session} onLeave={() => leave(null)} onLanguage={() => redraw((n) => n + 1)} />
    </SessionContext.Provider>
  );
}

applyTheme();
render(<Console />, document.getElementById('console')!);
