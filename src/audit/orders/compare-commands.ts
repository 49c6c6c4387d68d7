// What operators supplied, as the log and the commands say: every record has its command, once,
// with the outcome that follows from the records before it, and no command is without a record.

import type { Logged } from '../../domain/orders/history.ts'
import {
  balanceMax,
  type ProductMessage,
  productsTopic,
  type WalletMessage,
  walletsTopic,
} from '../../domain/orders/messages.ts'
import { decideProduct, evolveProduct } from '../../domain/orders/product.ts'
import { absent, type ProductState } from '../../domain/orders/state.ts'
import { type ConsumerName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import { type Findings, type Invariant, recordAt } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import type { ComparisonParts, InFlight } from './in-flight.ts'
import { createRanges, type Ranges } from './ranges.ts'
import type { UserRows } from './read-rows.ts'

/** `outcomes`: those that are possible; the first record of a command decides it. */
type Command = { key: string; commandId: string; amount: number | null; outcomes: string[] }
type CommandParts = {
  rows: { oneMoment: boolean }
  inFlight: InFlight
  findings: Findings
}
/** Of some users. */
export type TopUpParts = CommandParts & {
  rows: UserRows
  topUps: readonly Logged<WalletMessage>[]
}
type Supply = {
  consumer: ConsumerName
  topic: string
  invariant: Invariant
  supplies: readonly Logged<Command>[]
  commands: ReadonlyMap<string, DoneCommand>
}

export function compareStockCommands(parts: ComparisonParts): Ranges {
  return compareCommands(parts, {
    consumer: 'stock-step',
    topic: productsTopic,
    commands: parts.rows['stock-commands'],
    invariant: 'I11',
    supplies: stockCommands(parts.log.products),
  })
}

export function compareTopUps(parts: TopUpParts): Ranges {
  return compareCommands(parts, {
    consumer: 'payment-step',
    topic: walletsTopic,
    commands: parts.rows['payment-commands'],
    invariant: 'I12',
    supplies: topUpCommands(parts.topUps),
  })
}

function stockCommands(records: readonly Logged<ProductMessage>[]): Logged<Command>[] {
  const products = new Map<string, ProductState>()
  const known = new Set<string>()
  return records.map(({ message, origin }) => {
    const { productId: key, commandId } = message
    const product = products.get(key) ?? absent
    const { outcome, event } = decideProduct({ message, before: null }, product)
    const isFirst = !known.has(commandKey({ key, commandId }))
    known.add(commandKey({ key, commandId }))
    if (isFirst && event !== null) products.set(key, evolveProduct(product, event))
    const amount = message.type === 'stock.added' ? message.add : null
    return { origin, message: { key, commandId, amount, outcomes: [outcome] } }
  })
}

/** A balance is at most what was topped up: only above the limit of that may one be refused. */
function topUpCommands(records: readonly Logged<WalletMessage>[]): Logged<Command>[] {
  const sums = new Map<string, number>()
  return records.map(({ message: { userId: key, commandId, amount }, origin }) => {
    const sum = (sums.get(key) ?? 0) + amount
    sums.set(key, sum)
    const outcomes = sum > balanceMax ? ['done', 'balance_limit'] : ['done']
    return { origin, message: { key, commandId, amount, outcomes } }
  })
}

/** What the commands added, by key. */
function compareCommands({ rows, findings, inFlight }: CommandParts, supply: Supply): Ranges {
  const { consumer, topic, invariant, commands, supplies } = supply
  const first = new Map<string, Command & { isSettled: boolean }>()
  const moving = new Set<string>()
  const added = createRanges()
  const broken = (text: Sentence) => findings.add(invariant, {}, text)
  for (const { message, origin } of supplies) {
    const { key, commandId, amount } = message
    const { partition, offset: lastOffset } = origin
    const name = commandKey(message)
    const isSettled = inFlight.isSettled(consumer, { topic, partition, key, lastOffset })
    if (!first.has(name)) first.set(name, { ...message, isSettled })
    if (!isSettled && !rows.oneMoment) moving.add(name)
    if (commands.has(name)) continue
    if (isSettled) {
      const what = `${recordAt(origin)} of ${topic}` as const
      findings.add(invariant, { what }, `command ${commandId} of ${key} was never applied`)
    } else if (!rows.oneMoment) added.add(key, 0, amount ?? 0)
  }
  for (const [name, { key, commandId, amount, outcome }] of commands) {
    const said = first.get(name)
    const what = `command ${commandId} of ${key}` as const
    if (said === undefined) broken(`${what} is not in ${topic}`)
    else if (said.amount !== amount) {
      broken(`${what} was applied with ${amount}, not as in ${topic}`)
    } else if (said.isSettled && !said.outcomes.includes(outcome)) {
      broken(`${what} is ${outcome}, the log gives ${said.outcomes.join(' or ')}`)
    }
    // A creation brings its first stock by itself.
    if (outcome !== 'done' || amount === null) continue
    added.add(key, moving.has(name) ? 0 : amount, amount)
  }
  return added
}
