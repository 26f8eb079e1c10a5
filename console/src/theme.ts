// Dark or light: the system's, or what the reader has chosen.
export type Theme = 'auto' | 'light' | 'dark';

const key = 'connectord.theme';
const isDarkSystem = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

export function applyTheme(chosen: Theme = theme()): void {
  localStorage.setItem(key, chosen);
  const systems = isDarkSystem.matches ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = chosen === 'auto' ? systems : chosen;
}

isDarkSystem.addEventListener('change', () => applyTheme());
