// Times, numbers and sizes as the reader's language and zone have them.
import { formatter, number as written } from './i18n';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function moment(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return formatter(name, (locale) => new Intl.DateTimeFormat(locale, options));
}

function parsed(time: string | number): Date {
  return new Date(typeof time === 'number' ? time * 1000 : time);
}

export function time(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '–';
  const date = parsed(value);
  if (Number.isNaN(date.getTime())) return String(value);
  return moment('time', { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
}

// A day of the reports, which are days of UTC.
export function day(value: string | number): string {
  return moment('day', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(parsed(value));
}

export function clock(value: string | number): string {
  return moment('clock', { hour: '2-digit', minute: '2-digit' }).format(parsed(value));
}

export function hour(value: string | number): string {
  return moment('hour', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(parsed(value));
}

// The zone's name at this moment, as "CET" or "GMT+1".
export function zoneName(): string {
  const parts = moment('zone', { timeZoneName: 'short' }).formatToParts(new Date());
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

export function number(value: number): string {
  return written(value);
}

export function percent(part: number, whole: number): string {
  return written(whole ? part / whole : 0, { style: 'percent', maximumFractionDigits: 1 });
}

export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let index = 0;
  for (; bytes >= 1000 && index < units.length - 1; ++index) bytes /= 1000;
  const options = { style: 'unit', unit: units[index]!, maximumFractionDigits: index ? 1 : 0 } as const;
  return written(bytes, options);
}

export function milliseconds(value: number): string {
  const seconds = value >= 1000;
  const options = { style: 'unit', unit: seconds ? 'second' : 'millisecond', maximumFractionDigits: 1 } as const;
  return written(seconds ? value / 1000 : value, options);
}

// "in 3 days", "5 minutes ago".
export function relative(value: string | number, now = Date.now()): string {
  const seconds = (parsed(value).getTime() - now) / 1000;
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, length] = steps.find(([, step]) => Math.abs(seconds) >= step * 2) ?? ['second', 1];
  const words = formatter('relative', (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  return words.format(Math.round(seconds / length), unit);
}
