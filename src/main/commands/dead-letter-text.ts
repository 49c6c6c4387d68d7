// How the command line shows dead letters to people. Their bytes came from anywhere, so nothing of
// them is trusted to be harmless on a terminal.

import { printable } from '../context.ts'
import { shown } from './coupons/coupon-text.ts'
import { shownTime } from './zones.ts'

type Json = Readonly<Record<string, unknown>>

/** Two lines for each letter; says so where there is none, or more. */
export function letterListText(body: Json, zone: string): string {
  const letters = objects(body.deadLetters)
  if (letters.length === 0) return 'No dead letters.\n'
  const lines = letters.flatMap((letter) => {
    const buriedAt = shownTime(zone, letter.buriedAt) ?? '?'
    return [
      `${shown(letter.deadLetterId)}  ${statusText(letter)}  ${buriedAt}`,
      `  ${shown(letter.reason)}`,
    ]
  })
  if (typeof body.next === 'string') lines.push(`There are more: --after ${printable(body.next)}`)
  return `${lines.join('\n')}\n`
}

export function letterText(letter: Json, zone: string): string {
  const time = (value: unknown) => shownTime(zone, value) ?? '?'
  const { topic, partition, offset, appendedAt } = objectOf(letter.origin)
  const place = `${shown(topic)}, partition ${shown(partition)}, offset ${shown(offset)}`
  const rows: [label: string, value: string][] = [
    ['status', statusText(letter)],
    ['consumer', shown(letter.consumer)],
    ['from', `${place}, ${time(appendedAt)}`],
    ['reason', shown(letter.reason)],
    ['attempts', `${shown(letter.attempts)}, the last one before ${time(letter.buriedAt)}`],
    ['key', shown(letter.key)],
  ]
  const headers = Object.entries(objectOf(letter.headers)).map(
    ([name, value]): [string, string] => ['header', `${printable(name)}: ${shown(value)}`],
  )
  const acts = objects(letter.acts).map(({ act, by, at, reason }): [string, string] => [
    act === 'redriven' ? 're-driven' : shown(act),
    `by ${shown(by)} at ${time(at)}, after: ${shown(reason)}`,
  ])
  const body: [string, string] =
    typeof letter.text === 'string'
      ? ['text', printable(letter.text)]
      : ['base64', shown(letter.value)]
  const lines = [...rows, ...headers, body, ...acts].map(([label, value]) => {
    return `  ${label.padEnd(10)}${value}`
  })
  return `${[shown(letter.deadLetterId), ...lines].join('\n')}\n`
}

/** What became of those that were asked for, and of none else. */
export function countsText(counts: Json): string {
  const parts = countWords.flatMap(([name, words]) => {
    const count = Number(counts[name] ?? 0)
    return count > 0 || name === 'redriven' ? [`${count} ${words}`] : []
  })
  return `${parts.join(', ')}.\n`
}

const countWords = [
  ['redriven', 're-driven'],
  ['unchanged', 're-driven before'],
  ['discarded', 'discarded before'],
  ['notRedrivable', 'not re-drivable'],
  ['unknown', 'unknown'],
  ['pending', 'not carried out in time'],
] as const

function statusText({ status, redrivable }: Json): string {
  const words = status === 'redriven' ? 're-driven' : shown(status)
  return status === 'waiting' && redrivable === false ? `${words}, not re-drivable` : words
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
