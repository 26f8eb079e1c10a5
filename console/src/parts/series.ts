// Volumes as a chart and a table need them: each group's numbers, one for each slot of time.
import type { Schemas } from '../api/client';

export type Volume = Schemas['Report']['volumes'][number];
export type Measure = 'messages' | 'recipients' | 'bytes';

export interface Series {
  slots: string[]; // when each begins
  groups: { name: string; values: number[]; sum: number }[]; // the largest first
  sum: number;
  highest: number; // of a slot's sum
}

const hourMs = 3_600_000;

// Slots without mail are there too: a gap in time is a gap in the chart.
function slotsOf(volumes: Volume[], since: string, until: string, step: number): string[] {
  const times = volumes.map((volume) => Date.parse(volume.time));
  if (times.length === 0) return [];
  const anchor = Math.min(...times);
  const first = anchor - Math.floor((anchor - Date.parse(since)) / step) * step;
  const last = Date.parse(until);
  const slots = new Set(times);
  for (let time = first; time < last && slots.size < 1000; time += step) {
    slots.add(time);
  }
  return [...slots].sort((a, b) => a - b).map((time) => new Date(time).toISOString());
}

export function series(report: Schemas['Report'], interval: 'hour' | 'day', measure: Measure): Series {
  const step = interval === 'hour' ? hourMs : 24 * hourMs;
  const slots = slotsOf(report.volumes, report.since, report.until, step);
  const index = new Map(slots.map((slot, position) => [Date.parse(slot), position]));
  const groups = new Map<string, number[]>();
  for (const volume of report.volumes) {
    const values = groups.get(volume.group) ?? slots.map(() => 0);
    const position = index.get(Date.parse(volume.time));
    if (position !== undefined) values[position]! += volume[measure];
    groups.set(volume.group, values);
  }
  const listed = [...groups].map(([name, values]) => ({ name, values, sum: values.reduce((a, b) => a + b, 0) }));
  listed.sort((a, b) => b.sum - a.sum);
  const highest = Math.max(0, ...slots.map((_, position) => listed.reduce((sum, g) => sum + g.values[position]!, 0)));
  return { slots, groups: listed, sum: listed.reduce((sum, group) => sum + group.sum, 0), highest };
}

// A round number at or above it, for the top of an axis.
export function ceiling(value: number): number {
  if (value <= 5) return 5;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= value) ?? value;
}
