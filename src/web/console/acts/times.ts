// Times as the browser's own zone has them: in fields, and as they are said.

import type { Language } from '../../shared/texts.ts'

/** As it is written in zone data, `Asia/Seoul`. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Of a field for date and time; null: it holds none. */
export function instantOf(field: string): string | null {
  const ms = Date.parse(field)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** For a field of date and time; to the second where there are any. */
export function fieldOf(instant: string): string {
  const at = new Date(instant)
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`
  const seconds = at.getSeconds() === 0 ? '' : `:${two(at.getSeconds())}`
  return `${date}T${time}${seconds}`
}

/** With its zone, and with seconds where there are any. */
export function timeText(instant: string, language: Language): string {
  const at = new Date(instant)
  return new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: language === 'ko' ? 'numeric' : 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(at.getSeconds() > 0 && { second: '2-digit' }),
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at)
}
