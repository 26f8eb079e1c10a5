// Somebody else was faster: what was, what they made of it, what I did, and which of the two is to count.
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { shown } from '../text';
import { Table } from './page';
import { type Choice, type Difference, merged, textOf, threeWay } from './three_way';

function Side({ of, side, chosen, onChoose }: { of: Difference; side: 'theirs' | 'mine'; chosen: 'theirs' | 'mine'; onChoose: () => void }) {
  const text = shown(textOf(of[side]));
  if (!of.conflicts) return <td>{text}</td>;
  return (
    <td>
      <label class="check">
        <input type="radio" name={`choice-${of.key}`} checked={chosen === side} onChange={onChoose} aria-label={`${of.key}: ${t(`conflict.${side}`)}`} />
        <span>{text}</span>
      </label>
    </td>
  );
}

export function Conflict({ before, theirs, mine, onDone, onLeave }: {
  before: object;
  theirs: object;
  mine: object;
  onDone: (result: Record<string, unknown>) => void;
  onLeave: () => void;
}) {
  const differences = threeWay(before, theirs, mine);
  const [choice, setChoice] = useState<Choice>({});
  const chosen = (key: string) => choice[key] ?? 'mine';
  const all = Object.fromEntries(differences.map((one) => [one.key, chosen(one.key)]));
  return (
    <section class="notice warn" aria-labelledby="conflict">
      <h2 id="conflict">{t('conflict.title')}</h2>
      <p role="alert">{t('conflict.lead')}</p>
      <Table label={t('conflict.title')}>
        <thead>
          <tr>
            <th scope="col">{t('connector.key')}</th>
            {(['before', 'theirs', 'mine'] as const).map((side) => <th scope="col" key={side}>{t(`conflict.${side}`)}</th>)}
          </tr>
        </thead>
        <tbody>
          {differences.map((one) => (
            <tr key={one.key}>
              <th scope="row"><code>{shown(one.key)}</code></th>
              <td>{shown(textOf(one.before))}</td>
              {(['theirs', 'mine'] as const).map((side) => (
                <Side key={side} of={one} side={side} chosen={chosen(one.key)} onChoose={() => setChoice((old) => ({ ...old, [one.key]: side }))} />
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
      <div class="actions">
        <button type="button" class="primary" onClick={() => onDone(merged(theirs, differences, all))}>{t('conflict.save')}</button>
        <button type="button" onClick={onLeave}>{t('conflict.theirs-whole')}</button>
      </div>
    </section>
  );
}
