// An insight's sentences in the reader's language. One that this page does not know is shown in the API's English.
import type { Schemas } from '../api/client';
import * as format from '../format';
import { textOf } from '../i18n';
import { shown } from '../text';

type Insight = Schemas['Insight'];

// Names are others' choice; a moment is shown in the reader's zone.
function values(insight: Insight): Record<string, string | number> {
  const harmless = (name: string, value: string | number) =>
    typeof value === 'number' ? value : name === 'time' ? format.time(value) : shown(value);
  return Object.fromEntries(Object.entries(insight.values).map(([name, value]) => [name, harmless(name, value)]));
}

function sentence(insight: Insight, which: 'what' | 'why'): string | null {
  const name = `insight.${insight.name.replaceAll('_', '-')}.${which}`;
  const ofVariant = insight.variant && textOf(`${name}.${insight.variant.replaceAll('_', '-')}`, values(insight));
  return ofVariant || textOf(name, values(insight));
}

export function whatOf(insight: Insight): string {
  return sentence(insight, 'what') ?? shown(insight.what);
}

// Null where nothing is known; what another server said stands in its own words.
export function whyOf(insight: Insight): string | null {
  return sentence(insight, 'why') ?? (insight.why && shown(insight.why));
}
