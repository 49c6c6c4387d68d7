// RFC 3339 times as text. Stricter than Date.parse, which also takes dates without a time, local
// times, and whatever else the engine of the day accepts.

const instantMax = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const shape =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Milliseconds UTC; finer digits are cut off. Null: no RFC 3339 time of the years 1970 to 9999. */
export function parseInstant(text: string): number | null {
  const [, day, time, fraction = '', sign, hours = '0', minutes = '0'] = shape.exec(text) ?? []
  // Only of a time that there is the same text comes back: not of 30 February, nor of 24:00.
  const local = parseExactInstant(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`)
  if (local === null || Number(hours) > 23 || Number(minutes) > 59) return null
  const ahead = (Number(hours) * 60 + Number(minutes)) * 60_000
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
