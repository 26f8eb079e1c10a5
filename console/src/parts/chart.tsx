// Bars over time, one on top of the other, drawn as SVG: it takes the page's colours in both themes, prints, and can be
// read by a program. The same numbers stand in a table below.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import * as format from '../format';
import { shown } from '../text';
import { ceiling, type Series } from './series';
import { Table } from './page';

const height = 200;
const left = 60;
const bottom = 24;
const kinds = 6; // of colours; further groups are one

interface ChartProps {
  title: string;
  of: Series;
  interval: 'hour' | 'day';
  name: (group: string) => string;
  show?: (value: number) => string;
}

// As wide as there is room, so that words are as large as others on the page.
function useWidth() {
  const element = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.floor(entry!.contentRect.width))));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return { element, width };
}

function Axis({ top, show, width }: { top: number; show: (value: number) => string; width: number }) {
  return (
    <g class="axis">
      {[0, 0.5, 1].map((part) => {
        const y = height - bottom - part * (height - bottom - 10);
        return (
          <g key={part}>
            <line x1={left} x2={width} y1={y} y2={y} />
            <text x={left - 6} y={y + 4} text-anchor="end">
              {show(top * part)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Bars({ of, top, interval, name, show, width }: Required<Omit<ChartProps, 'title'>> & { top: number; width: number }) {
  const step = (width - left) / of.slots.length;
  const scale = (height - bottom - 10) / top;
  const every = Math.ceil(of.slots.length / Math.max(1, Math.floor((width - left) / 80)));
  const label = interval === 'hour' ? format.hour : format.day;
  return (
    <>
      {of.slots.map((slot, position) => {
        let y = height - bottom;
        return (
          <g key={slot}>
            {of.groups.map((group, index) => {
              const value = group.values[position]!;
              if (value === 0) return null;
              y -= value * scale;
              return (
                <rect key={group.name} class={`bar kind-${Math.min(index, kinds - 1)}`} x={left + position * step + step * 0.1}
                  y={y} width={step * 0.8} height={value * scale}>
                  <title>{`${label(slot)}: ${shown(name(group.name))}, ${show(value)}`}</title>
                </rect>
              );
            })}
            {position % every === 0 && (
              <text class="tick" x={left + (position + 0.5) * step} y={height - 6} text-anchor="middle">
                {interval === 'hour' && of.slots.length <= 26 ? format.clock(slot) : format.day(slot)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

function Legend({ of, name, show }: Required<Pick<ChartProps, 'of' | 'name' | 'show'>>) {
  return (
    <ul class="legend">
      {of.groups.slice(0, 12).map((group, index) => (
        <li key={group.name}>
          <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
            <rect class={`bar kind-${Math.min(index, kinds - 1)}`} width="10" height="10" />
          </svg>
          {shown(name(group.name))} <strong>{show(group.sum)}</strong> {format.percent(group.sum, of.sum)}
        </li>
      ))}
    </ul>
  );
}

export function Chart(props: ChartProps) {
  return props.of.sum === 0 ? <p class="faint">{t('chart.empty')}</p> : <Drawn {...props} />;
}

function ValueTable({ title, of, interval, name, show }: Required<ChartProps>) {
  const label = interval === 'hour' ? format.hour : format.day;
  return (
    <details>
      <summary>{t('chart.as-table')}</summary>
      <Table label={title} class="numbers">
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            {of.groups.map((group) => (
              <th scope="col" key={group.name}>
                {shown(name(group.name))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.slots.map((slot, position) => (
            <tr key={slot}>
              <th scope="row">{label(slot)}</th>
              {of.groups.map((group) => (
                <td key={group.name}>{show(group.values[position]!)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </details>
  );
}

function Drawn({ title, of, interval, name, show = format.number }: ChartProps) {
  const { element, width } = useWidth();
  const top = ceiling(of.highest);
  // Another width changes the picture alone.
  const legend = useMemo(() => <Legend of={of} name={name} show={show} />, [of, name, show]);
  const table = useMemo(() => <ValueTable title={title} of={of} interval={interval} name={name} show={show} />, [title, of, interval, name, show]);
  return (
    <figure class="chart" ref={element}>
      {legend}
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${title}: ${t('chart.total', { total: show(of.sum) })}`}>
        <Axis top={top} show={show} width={width} />
        <Bars of={of} top={top} interval={interval} name={name} show={show} width={width} />
      </svg>
      {table}
    </figure>
  );
}
