// A record that nobody could handle, and what operators do about it: it waits until it is
// re-driven or discarded. A re-driven one that fails again waits again, with all that was done.

import type {
  DeadLetterAdded,
  DeadLetterCommand,
  DeadLetterMessage,
} from './dead-letter-messages.ts'

/** `reason`: why, the last time. `attempts`: how often it was tried in all. */
export type DeadLetter = Omit<DeadLetterAdded, 'type' | 'deadLetterId'> & {
  /** Derived from who could not handle which record: see `deadLetterId`. */
  id: string
  status: 'waiting' | 'redriven' | 'discarded'
  /** When it became one, the last time; ms UTC, by the log's clock. */
  buriedAt: number
  /** In the order in which they were done. */
  acts: readonly DeadLetterAct[]
}
/** Without what may be large. */
export type DeadLetterSummary = Omit<DeadLetter, 'value' | 'headers'>
/** `at`: ms UTC, by the log's clock. `reason`: why it was a dead letter then. */
export type DeadLetterAct = {
  act: 'redriven' | 'discarded'
  by: string
  at: number
  commandId: string
  reason: string
}

export const deadLetterOutcomes = [
  'done', // also where the same command did it before; then without an event
  'unchanged', // it was done before, by another command; or it was a dead letter before
  'conflict', // the other was done before; or the command id is taken
  'not_redrivable',
  'unknown_letter',
] as const
export type DeadLetterOutcome = (typeof deadLetterOutcomes)[number]
export type DeadLetterEvent =
  | { type: 'dead_lettered'; record: DeadLetterAdded; at: number }
  | { type: DeadLetterAct['act']; by: string; at: number; commandId: string }
export type DeadLetterDecision = { outcome: DeadLetterOutcome; event: DeadLetterEvent | null }

/** So that the row of a letter stays small: whoever gets there has tried often enough. */
export const redrivesMax = 100

/** `at`: when the message was appended. `before`: what became of the same command earlier. */
export type Said<Message> = { message: Message; at: number; before: DeadLetterOutcome | null }

export function decideDeadLetter(
  said: Said<DeadLetterMessage>,
  letter: DeadLetter | null,
): DeadLetterDecision {
  const { message, at, before } = said
  return message.type === 'dead_letter.buried'
    ? decideAdded(message, at, letter)
    : decideAct({ message, at, before }, letter)
}

export function evolveDeadLetter(letter: DeadLetter | null, event: DeadLetterEvent): DeadLetter {
  if (event.type === 'dead_lettered') return waitingLetter(letter, event.record, event.at)
  if (letter === null) throw new Error(`${event.type} of no dead letter`)
  const { type, ...rest } = event
  return {
    ...letter,
    status: type,
    redrives: letter.redrives + (type === 'redriven' ? 1 : 0),
    acts: [...letter.acts, { act: type, ...rest, reason: letter.reason }],
  }
}

/** Which of its re-drives the command was, from 1; null: none. */
export function redriveOf(letter: DeadLetter, commandId: string): number | null {
  const redriven = letter.acts.filter(({ act }) => act === 'redriven')
  const at = redriven.findIndex((act) => act.commandId === commandId)
  return at < 0 ? null : letter.redrives - redriven.length + at + 1
}

/** One that was read before, or whose re-drive is not known, changes nothing. */
function decideAdded(
  record: DeadLetterAdded,
  at: number,
  letter: DeadLetter | null,
): DeadLetterDecision {
  const isNew =
    letter === null ||
    record.redrives > letter.redrives ||
    (letter.status === 'redriven' && record.redrives === letter.redrives)
  if (!isNew) return { outcome: 'unchanged', event: null }
  return { outcome: 'done', event: { type: 'dead_lettered', record, at } }
}

function decideAct(
  { message, at, before }: Said<DeadLetterCommand>,
  letter: DeadLetter | null,
): DeadLetterDecision {
  const act = message.type === 'dead_letter.redriven' ? 'redriven' : 'discarded'
  const { by, commandId } = message
  if (letter === null) return { outcome: 'unknown_letter', event: null }
  if (before === 'done') {
    const own = letter.acts.some((done) => done.act === act && done.commandId === commandId)
    return { outcome: own ? 'done' : 'conflict', event: null }
  }
  if (before !== null) return { outcome: before, event: null }
  if (letter.status === act) return { outcome: 'unchanged', event: null }
  // What was discarded, perhaps by mistake, can be taken up again; what was taken up is under way.
  if (act === 'discarded' && letter.status !== 'waiting')
    return { outcome: 'conflict', event: null }
  const tooOften = letter.redrives >= redrivesMax
  if (act === 'redriven' && (!letter.redrivable || tooOften)) {
    return { outcome: 'not_redrivable', event: null }
  }
  return { outcome: 'done', event: { type: act, by, at, commandId } }
}

function waitingLetter(before: DeadLetter | null, record: DeadLetterAdded, at: number): DeadLetter {
  const { type: _, deadLetterId: id, attempts, ...rest } = record
  return {
    id,
    ...rest,
    status: 'waiting',
    attempts: (before?.attempts ?? 0) + attempts,
    buriedAt: at,
    acts: before?.acts ?? [],
  }
}
