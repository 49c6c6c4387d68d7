// RFC 3339 times as text. Stricter than Date.parse, which also takes dates without a time, local
// times, and whatever else the engine of the day accepts.

const instantMax = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const date = /(\d{4})-(\d{2})-(\d{2})/.source
const time = /(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?/.source
const offset = /(?:[Zz]|([+-])(\d{2}):(\d{2}))/.source
const shape = new RegExp(`^${date}[Tt]${time}${offset}$`)

/** Milliseconds UTC; finer digits are cut off. Null: no RFC 3339 time of the years 1970 to 9999. */
export function parseInstant(text: string): number | null {
  const parts = shape.exec(text)
  if (parts === null) return null
  const [, year, month, day, hour, minute, second] = parts.map(Number)
  const [, , , , , , , fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  if (year === undefined || month === undefined || day === undefined) return null
  if (hour === undefined || minute === undefined || second === undefined) return null
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null

  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  const ahead = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
  const local = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  const at = sign === '-' ? local + ahead : local - ahead
  return at >= 0 && at <= instantMax ? at : null
}

/** Of exactly what `formatInstant` writes, of any year; null: of anything else. */
export function parseExactInstant(text: unknown): number | null {
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) || formatInstant(at) !== text ? null : at
}

/** In UTC, with milliseconds. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString()
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
