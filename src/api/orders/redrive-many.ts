// What operators do about dead letters. An act is a record like any other command; it is answered
// once the letters' consumer has stored what became of it. Reads come from SQL.

import type {
  DeadLetter,
  DeadLetterOutcome,
  DeadLetterSummary,
} from '../../domain/orders/dead-letter.ts'
import { letterCommandEntry } from '../../domain/orders/dead-letter-records.ts'
import type { DeadLetterPage, OrdersReader } from '../../ports/orders.ts'
import {
  type AppliedCommand,
  databaseStarting,
  type OrderService,
  type OrdersUnavailable,
} from './order-answers.ts'

export type DeadLetterServiceParts = {
  /** null while SQL is not up. */
  reader: () => LetterReader | null
  command: OrderService['command']
  newId: () => string
}
export type LetterReader = Pick<OrdersReader, 'deadLetters' | 'deadLetter'>

export type LetterAct = 'redrive' | 'discard'
export type LetterAnswer =
  | { kind: 'decided'; outcome: DeadLetterOutcome; letter: DeadLetter | null }
  | { kind: 'pending' }
  | OrdersUnavailable
/** Those of `ids`, or those that wait: of one consumer or of all, strictly after `after`. */
export type ManyAsked = {
  by: string
  ids?: readonly string[]
  consumer?: string
  after?: string
}
/** `pending`: not carried out in time, or not at all. `next`: there may be more after it. */
export type ManyAnswer =
  | { kind: 'counted'; counts: LetterCounts; next?: string }
  | OrdersUnavailable
export type LetterCounts = Record<DeadLetterOutcome | 'pending', number>

export type DeadLetterService = {
  /** In id order, without their bytes. */
  list(page: DeadLetterPage): Promise<DeadLetterSummary[] | OrdersUnavailable>
  find(id: string): Promise<DeadLetter | OrdersUnavailable | null>
  act(asked: ActAsked): Promise<LetterAnswer>
  redriveMany(asked: ManyAsked): Promise<ManyAnswer>
}
export type ActAsked = { act: LetterAct; id: string; by: string }

/** Of one call: answered within the time that one of them may take, as a rule. */
export const lettersPerCallMax = 100
/** Pages that one call looks through: letters that cannot be re-driven are passed over. */
const pagesPerCallMax = 10
/** Under way at once: other operators have commands too. */
const commandsAtOnceMax = 20

export function createDeadLetterService(parts: DeadLetterServiceParts): DeadLetterService {
  const { reader } = parts
  return {
    list: async (page) => (await reader()?.deadLetters(page)) ?? databaseStarting,
    async find(id) {
      const reads = reader()
      return reads === null ? databaseStarting : reads.deadLetter(id)
    },
    async act(asked) {
      const reads = reader()
      if (reads === null) return databaseStarting
      const done = await run(parts, asked)
      if (done.kind !== 'applied') return done
      const { outcome } = done
      return { kind: 'decided', outcome, letter: await reads.deadLetter(asked.id) }
    },
    async redriveMany(asked) {
      const reads = reader()
      if (reads === null) return databaseStarting
      const { ids, passed, ...more } =
        asked.ids === undefined ? await choose(reads, asked) : { ids: asked.ids, passed: 0 }
      const counted = await redriveAll(parts, { by: asked.by, ids: [...new Set(ids)] })
      if (counted.kind === 'unavailable') return counted
      const { counts } = counted
      counts.not_redrivable += passed
      return { kind: 'counted', counts, ...more }
    },
  }
}

const types = { redrive: 'dead_letter.redriven', discard: 'dead_letter.discarded' } as const

type Applied = { kind: 'applied'; outcome: DeadLetterOutcome }

async function run(
  { command, newId }: DeadLetterServiceParts,
  { act, id, by }: ActAsked,
): Promise<Applied | Exclude<AppliedCommand, { kind: 'applied' }>> {
  const commandId = newId()
  const done = await command({
    by: 'dead-letters',
    name: { key: id, commandId },
    amount: null,
    ...letterCommandEntry({ type: types[act], deadLetterId: id, by, commandId }),
  })
  // The letters' consumer stores no others.
  return done.kind === 'applied' ? { ...done, outcome: done.outcome as DeadLetterOutcome } : done
}

type Chosen = { ids: string[]; passed: number; next?: string }

/** A bounded look at those that wait. */
async function choose(reads: LetterReader, asked: ManyAsked): Promise<Chosen> {
  const chosen: Chosen = { ids: [], passed: 0 }
  const { consumer } = asked
  let { after } = asked
  for (let page = 0; page < pagesPerCallMax; page++) {
    const letters = await reads.deadLetters({
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

/** Unavailable only where nothing was done at all. */
async function redriveAll(
  parts: DeadLetterServiceParts,
  { by, ids }: { by: string; ids: readonly string[] },
): Promise<{ kind: 'counted'; counts: LetterCounts } | OrdersUnavailable> {
  const counts: LetterCounts = { ...none, pending: ids.length }
  for (let at = 0; at < ids.length; at += commandsAtOnceMax) {
    const some = ids.slice(at, at + commandsAtOnceMax)
    const done = await Promise.all(some.map((id) => run(parts, { act: 'redrive', id, by })))
    for (const one of done) {
      if (one.kind !== 'applied') continue
      counts[one.outcome]++
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
