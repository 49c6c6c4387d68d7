// Re-drives or discards many dead letters in one call of an operator: each is a command of its own,
// and the answer counts what became of them.

import type { DeadLetterOutcome } from '../../domain/orders/dead-letter.ts'
import type { DeadLetterCommand } from '../../domain/orders/dead-letter-messages.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { databaseStarting, type Unavailable } from '../claims/claim-answers.ts'
import type { OrderService } from './order-answers.ts'

export type LetterParts = { orders: Pick<OrderService, 'command' | 'reader'>; newId: () => string }
/** Those of `ids`, or those that wait: of one consumer or of all, strictly after `after`. */
export type ManyAsked = {
  by: string
  ids?: readonly string[]
  consumer?: string
  after?: string
}
/** `pending`: not carried out in time, or not at all. `next`: there may be more after it. */
export type ManyAnswer = { kind: 'counted'; counts: LetterCounts; next?: string } | Unavailable
export type LetterCounts = Record<DeadLetterOutcome | 'pending', number>

/** Of one call: answered within the time that one of them may take, as a rule. */
export const lettersPerCallMax = 100
/** Pages that one call looks through: letters that cannot be re-driven are passed over. */
const pagesPerCallMax = 10
/** Under way at once: other operators have commands too. */
export const commandsAtOnceMax = 20

export async function redriveMany(parts: LetterParts, asked: ManyAsked): Promise<ManyAnswer> {
  const reader = parts.orders.reader()
  if (reader === null) return databaseStarting
  const { ids, passed, ...more } =
    asked.ids === undefined ? await choose(reader, asked) : { ids: asked.ids, passed: 0 }
  const counted = await actOnAll(parts, { type: 'dead_letter.redriven', by: asked.by, ids })
  if (counted.kind === 'unavailable') return counted
  counted.counts.not_redrivable += passed
  return { ...counted, ...more }
}

export async function discardMany(
  parts: LetterParts,
  { by, ids }: { by: string; ids: readonly string[] },
): Promise<ManyAnswer> {
  return actOnAll(parts, { type: 'dead_letter.discarded', by, ids })
}

type Chosen = { ids: string[]; passed: number; next?: string }

/** A bounded look at those that wait. */
async function choose(
  reader: Pick<OrdersReader, 'deadLetters'>,
  asked: ManyAsked,
): Promise<Chosen> {
  const chosen: Chosen = { ids: [], passed: 0 }
  const { consumer } = asked
  let { after } = asked
  for (let page = 0; page < pagesPerCallMax; page++) {
    const letters = await reader.deadLetters({
      // So that a page is always taken whole.
      limit: lettersPerCallMax - chosen.ids.length,
      status: 'waiting',
      ...(consumer === undefined ? {} : { consumer }),
      ...(after === undefined ? {} : { after }),
    })
    const last = letters.at(-1)
    if (last === undefined) return chosen
    for (const { id, redrivable } of letters) {
      if (redrivable) chosen.ids.push(id)
      else chosen.passed++
    }
    after = last.id
    if (chosen.ids.length === lettersPerCallMax) break
  }
  return { ...chosen, ...(after === undefined ? {} : { next: after }) }
}

type Acts = { type: DeadLetterCommand['type']; by: string; ids: readonly string[] }

/** Unavailable only where nothing was done at all. */
async function actOnAll(
  { orders, newId }: LetterParts,
  { type, by, ids: named }: Acts,
): Promise<{ kind: 'counted'; counts: LetterCounts } | Unavailable> {
  const ids = [...new Set(named)]
  const counts: LetterCounts = { ...none, pending: ids.length }
  for (let at = 0; at < ids.length; at += commandsAtOnceMax) {
    const some = ids.slice(at, at + commandsAtOnceMax)
    const done = await Promise.all(
      some.map((deadLetterId) => orders.command({ type, deadLetterId, by, commandId: newId() })),
    )
    for (const one of done) {
      if (one.kind !== 'applied') continue
      counts[one.outcome as DeadLetterOutcome]++
      counts.pending--
    }
    const refused = done.find(({ kind }) => kind === 'unavailable')
    if (refused?.kind !== 'unavailable') continue
    if (at === 0 && done.every(({ kind }) => kind === 'unavailable')) return refused
    break
  }
  return { kind: 'counted', counts }
}

const none: LetterCounts = {
  done: 0,
  unchanged: 0,
  conflict: 0,
  not_redrivable: 0,
  unknown_letter: 0,
  pending: 0,
}
