// Times as people of one place read and type them, by the rules of the zone's own calendar (IANA
// names, from the time zone data of Node). A time that a zone's clocks skip or show twice is not
// guessed.

import { formatInstant, parseInstant } from '../../domain/time.ts'
import { CommandError, exitCodes } from '../context.ts'

/** As it was typed: an instant in RFC 3339, UTC, or what a clock on a wall shows. */
export type GivenTime = { at: string } | { local: string }

/** The one that was chosen, else that of this machine, as its settings or TZ have it. */
export function zoneOf({ zone }: { zone?: string }): string {
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
}

export function isZone(name: string): boolean {
  try {
    offsetOf(0, name)
    return true
  } catch {
    return false
  }
}

/** RFC 3339 with the offset that the zone has then; in UTC with Z. */
export function timeIn(zone: string, at: number): string {
  const offset = offsetOf(at, zone)
  const text = formatInstant(at + offset)
  return offset === 0 ? text : text.replace('Z', offsetText(offset))
}

/** The same of a service's time, which is RFC 3339; of anything else null. */
export function shownTime(zone: string, time: unknown): string | null {
  const at = typeof time === 'string' ? parseInstant(time) : null
  return at === null ? null : timeIn(zone, at)
}

/**
 * RFC 3339, UTC. Throws a CommandError where the zone has no such time, or has it twice. `say` is
 * told how a time without an offset was understood.
 */
export function instantOf(given: GivenTime, zone: string, say: (text: string) => void): string {
  if ('at' in given) return given.at
  const wall = Date.parse(`${given.local}Z`)
  const [at, other] = instantsAt(wall, zone)
  const typed = `${given.local.replace('T', ' ')} in ${zone}`
  if (at === undefined) throw wrongTime(`there is no ${typed}: clocks are set past it`)
  if (other !== undefined) {
    const both = [at, other].map((one) => offsetText(offsetOf(one, zone)))
    throw wrongTime(`${typed} comes twice: say which by its offset, ${both.join(' or ')}`)
  }
  say(`${typed} is ${timeIn(zone, at)}\n`)
  return formatInstant(at)
}

/** None, one or two: by the offsets of the days around it. */
function instantsAt(wall: number, zone: string): number[] {
  const offsets = new Set([-dayMs, dayMs].map((ms) => offsetOf(wall + ms, zone)))
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((at) => at + offsetOf(at, zone) === wall)
    .sort((a, b) => a - b)
}

const dayMs = 86_400_000

/** Of a zone's clocks from UTC, ms. */
function offsetOf(at: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, ...digits] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? []
  const [hours = 0, minutes = 0, seconds = 0] = digits.map((text) => Number(text ?? 0))
  return (sign === '-' ? -1000 : 1000) * (hours * 3600 + minutes * 60 + seconds)
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / 60_000))
  const two = (value: number) => String(value).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`
}

function wrongTime(message: string): CommandError {
  return new CommandError(exitCodes.wrongUsage, message)
}
