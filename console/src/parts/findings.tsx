// What was looked at, one line each: what was expected, what was seen, and what to do.
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { shown } from '../text';
import { Badge, Table } from './page';

export interface Finding {
  check: string;
  outcome: string;
  warning?: boolean;
  expected: string;
  seen: string;
  hint: string;
}

export function FindingTable<F extends Finding>(of: {
  label: string;
  findings: readonly F[];
  about: (finding: F) => ComponentChildren; // stands beside the check
}) {
  return (
    <Table label={of.label}>
      <thead>
        <tr>
          {(['check', 'outcome', 'expected', 'seen', 'hint'] as const).map((column) => (
            <th scope="col" key={column}>{t(`finding.${column}`)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {of.findings.map((finding, index) => (
          <tr key={index}>
            <th scope="row">
              {shown(finding.check)} {of.about(finding)}
            </th>
            <td><Badge group="outcome" value={finding.warning ? 'warning' : finding.outcome} /></td>
            <td>{shown(finding.expected)}</td>
            <td>{shown(finding.seen)}</td>
            <td>{shown(finding.hint)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
