// Every dead letter is what its topic says, with all that operators did about it, and so is what
// became of their commands (I14). The topic has all of it, in order, so it is replayed.

import {
  type DeadLetterOutcome,
  decideDeadLetter,
  evolveDeadLetter,
} from '../../domain/orders/dead-letter.ts'
import { deadLettersTopic } from '../../domain/orders/retries.ts'
import { commandKey } from '../../ports/orders.ts'
import type { AuditedLetter } from '../../ports/orders-audit.ts'
import { canonicalJson, compareColumns } from '../compare-columns.ts'
import type { Sentence } from '../sentences.ts'
import type { ComparisonParts } from './in-flight.ts'
import type { LetterRecord } from './read-log.ts'

type Letter = Omit<AuditedLetter, 'columns'>
/** `allowed`: as of the consumer's position, and later where the rows may be newer than it. */
type Replayed = { now: Letter | null; allowed: (Letter | null)[] }
type Outcome = { outcome: DeadLetterOutcome; isDue: boolean }
type Replay = { letters: Map<string, Replayed>; commands: Map<string, Outcome> }

export function compareLetters(parts: ComparisonParts): void {
  const { rows, findings } = parts
  const broken = (id: string, text: Sentence) => {
    findings.add('I14', { what: `dead letter ${id}` }, text)
  }
  const { letters, commands } = replayLetters(parts)
  for (const id of new Set([...letters.keys(), ...rows.letters.keys()])) {
    const row = rows.letters.get(id)
    const { allowed } = letters.get(id) ?? { allowed: [null] }
    compareLetter(row ?? null, allowed, (text) => broken(id, text))
  }
  for (const [name, { key, commandId, outcome, amount }] of rows['letter-commands']) {
    const said = commands.get(name)?.outcome
    if (said === outcome && amount === null) continue
    const found = amount === null ? outcome : `${outcome} with ${amount}`
    broken(key, `command ${commandId} is ${found}, the log gives ${said ?? 'none'}`)
  }
  for (const [name, { isDue }] of commands) {
    if (!isDue || rows['letter-commands'].has(name)) continue
    const [key = '', commandId] = name.split(' ')
    broken(key, `command ${commandId} was never applied`)
  }
}

function compareLetter(
  row: AuditedLetter | null,
  allowed: readonly (Letter | null)[],
  broken: (text: Sentence) => void,
): void {
  if (row === null) {
    if (!allowed.includes(null)) broken('it was buried, but its row is missing')
    return
  }
  const { columns, ...letter } = row
  const { id, consumer, status } = letter
  compareColumns(columns, { id, consumer, status }, (text) => broken(`its columns have ${text}`))
  const found = canonicalJson(letter)
  if (allowed.some((one) => canonicalJson(one) === found)) return
  const [given] = allowed.filter((one) => one !== null)
  if (given === undefined) return broken(`a row, but ${deadLettersTopic} has none`)
  compareColumns(letter, given, (text) => broken(`its row has ${text}`))
}

function replayLetters({ rows, log, inFlight }: ComparisonParts): Replay {
  const replay: Replay = { letters: new Map(), commands: new Map() }
  for (const record of log.letterRecords) {
    const { partition, offset } = record.origin
    const isTaken = offset < inFlight.positionOf('dead-letters', deadLettersTopic, partition).next
    if (!isTaken && rows.oneMoment) continue
    const { deadLetterId: id } = record.message
    const known = replay.letters.get(id) ?? { now: null, allowed: [null] }
    const now = replayed(record, known.now, { commands: replay.commands, isDue: isTaken })
    replay.letters.set(id, { now, allowed: isTaken ? [now] : [...known.allowed, now] })
  }
  return replay
}

function replayed(
  { message, origin: { appendedAt: at } }: LetterRecord,
  before: Letter | null,
  { commands, isDue }: { commands: Replay['commands']; isDue: boolean },
): Letter | null {
  const name =
    message.type === 'dead_letter.buried'
      ? null
      : commandKey({ key: message.deadLetterId, commandId: message.commandId })
  const said = { message, at, before: commands.get(name ?? '')?.outcome ?? null }
  const letter = before === null ? null : { ...before, value: before.valueSha256 }
  const { outcome, event } = decideDeadLetter(said, letter)
  if (name !== null && said.before === null) commands.set(name, { outcome, isDue })
  if (event === null) return before
  const { value: valueSha256, ...rest } = evolveDeadLetter(letter, event)
  return { ...rest, valueSha256 }
}
