// Stock and money add up: what was supplied, as the log and the commands say, against what lies
// there, is held, sold or paid by the rows of the orders.

import type { Logged } from '../../domain/orders/history.ts'
import { productsTopic, walletsTopic } from '../../domain/orders/messages.ts'
import { sameLines } from '../../domain/orders/process.ts'
import { type ConsumerName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import { brokenOrder, type Findings, type Invariant, recordAt } from '../findings.ts'
import type { ComparisonParts } from './compare-orders.ts'

export function compareStock(parts: ComparisonParts): void {
  const { rows, log, findings } = parts
  const supplies = log.products.map(({ message, origin }) => {
    const { productId: key, commandId } = message
    const amount = message.type === 'stock.added' ? message.add : null
    return { origin, message: { key, commandId, amount } }
  })
  const added = compareCommands(parts, {
    consumer: 'stock-step',
    topic: productsTopic,
    commands: rows['stock-commands'],
    invariant: 'I11',
    supplies,
  })
  const lines = linesOf(parts)
  for (const product of rows.products.values()) {
    const { productId, initial, supplied, available, held, sold } = product
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (available < 0 || held < 0 || sold < 0) {
      broken(`below zero: ${available} available, ${held} held, ${sold} sold`)
    }
    const sum = available + held + sold
    if (sum !== supplied) {
      broken(`${available} + ${held} + ${sold} is ${sum}, but ${supplied} were supplied`)
    }
    added.compare(productId, supplied - initial, (range) => {
      broken(`${supplied - initial} were added by its row, ${range} by its commands`)
    })
    for (const status of ['held', 'sold'] as const) {
      lines[status].compare(productId, product[status], (range) => {
        broken(`${product[status]} are ${status} by its row, ${range} by the orders`)
      })
    }
  }
  compareProducts(parts)
}

export function compareMoney(parts: ComparisonParts): void {
  const { rows, log, findings, inFlight } = parts
  const supplies = log.topUps.map(({ message: { userId: key, commandId, amount }, origin }) => {
    return { origin, message: { key, commandId, amount } }
  })
  const balances = compareCommands(parts, {
    consumer: 'payment-step',
    topic: walletsTopic,
    commands: rows['payment-commands'],
    invariant: 'I12',
    supplies,
  })
  for (const [orderId, { userId, status, amount }] of rows.charges) {
    // A balance without the charge, or with it: both may have been read.
    const isMoving = inFlight.isMoving('payment-step', orderId)
    if (status === 'captured') balances.add(userId, -amount, isMoving ? 0 : -amount)
    else if (status === 'undone' && isMoving) balances.add(userId, -amount, 0)
  }
  // Orders whose charge was not there when the charges were read, and perhaps had been before.
  for (const { orderId, due } of log.orders.values()) {
    if (due === null || rows.charges.has(orderId)) continue
    const { userId, total } = due.message
    if (inFlight.isMoving('payment-step', orderId)) balances.add(userId, -total, 0)
  }
  for (const userId of new Set([...balances.keys(), ...rows.balances.keys()])) {
    const balance = rows.balances.get(userId)?.balance ?? 0
    const broken = brokenOf(findings, 'I12', `the wallet of ${userId}`)
    if (balance < 0) broken(`the balance is ${balance}`)
    balances.compare(userId, balance, (range) => {
      broken(`the balance is ${balance}, but top-ups less what was paid are ${range}`)
    })
  }
  compareCharges(parts)
}

/** With another provider than the built-in wallet there are no charges at all. */
function compareCharges({ rows, log, inFlight, findings }: ComparisonParts): void {
  if (rows.charges.size === 0) return
  for (const [orderId, { row }] of rows['payment-rows']) {
    const order = log.orders.get(orderId)
    if (order === undefined || !inFlight.isOrderSettled('payment-step', order)) continue
    const charge = rows.charges.get(orderId)
    const paid = row.status === 'captured' ? row.amount : 0
    const charged = charge?.status === 'captured' ? charge.amount : 0
    if (paid === charged) continue
    const text = `${paid} was paid by its payment row, ${charged} by the wallet`
    brokenOrder(findings, orderId)('I12', text)
  }
  for (const [orderId, { status, userId }] of rows.charges) {
    const order = log.orders.get(orderId)
    const broken = brokenOrder(findings, orderId)
    if (order === undefined || order.due === null) {
      broken('I12', `a charge of ${userId}, but payment was never due`)
    } else if (status === 'captured' && order.end?.message.type === 'order.cancelled') {
      if (rows['payment-rows'].has(orderId)) continue
      if (!inFlight.isOrderSettled('payment-step', order)) continue
      broken('I12', 'it was cancelled, but has paid')
    }
  }
}

type Command = { key: string; commandId: string; amount: number | null }
type Supply = {
  consumer: ConsumerName
  topic: string
  invariant: Invariant
  supplies: readonly Logged<Command>[]
  commands: ReadonlyMap<string, DoneCommand>
}

/** Every record has its command, once, and no command is without a record. What they added. */
function compareCommands({ rows, findings, inFlight }: ComparisonParts, supply: Supply): Ranges {
  const { consumer, topic, invariant, commands, supplies } = supply
  const amounts = new Map<string, Set<number | null>>()
  const moving = new Set<string>()
  const added = createRanges()
  const broken = (text: string) => findings.add(invariant, {}, text)
  for (const { message, origin } of supplies) {
    const { key, commandId, amount } = message
    const { partition, offset: lastOffset } = origin
    const name = commandKey(message)
    amounts.set(name, (amounts.get(name) ?? new Set()).add(amount))
    const isSettled = inFlight.isSettled(consumer, { topic, partition, key, lastOffset })
    if (!isSettled && !rows.oneMoment) moving.add(name)
    if (commands.has(name)) continue
    if (isSettled) {
      broken(`${recordAt(origin)} of ${topic}: command ${commandId} of ${key} was never applied`)
    } else if (!rows.oneMoment) added.add(key, 0, amount ?? 0)
  }
  for (const [name, { key, commandId, amount, outcome }] of commands) {
    const said = amounts.get(name)
    if (said === undefined) broken(`command ${commandId} of ${key} is not in ${topic}`)
    else if (amount !== null && !said.has(amount) && !said.has(null)) {
      broken(`command ${commandId} of ${key} was applied with ${amount}, not as in ${topic}`)
    }
    // A creation brings its first stock by itself.
    if (outcome !== 'done' || amount === null || said?.has(null) === true) continue
    added.add(key, moving.has(name) ? 0 : amount, amount)
  }
  return added
}

/** Each product is what a record created, and each record that was taken created one. */
function compareProducts({ rows, log, inFlight, findings }: ComparisonParts): void {
  const created = new Map<string, string[]>()
  for (const { message, origin } of log.products) {
    if (message.type !== 'product.created') continue
    const { productId: key, name, price, stock } = message
    created.set(key, [...(created.get(key) ?? []), JSON.stringify([name, price, stock])])
    if (rows.products.has(key)) continue
    const { topic, partition, offset: lastOffset } = origin
    if (!inFlight.isSettled('stock-step', { topic, partition, key, lastOffset })) continue
    brokenOf(findings, 'I11', `product ${key}`)('it was created, but its row is missing')
  }
  for (const { productId, name, price, initial } of rows.products.values()) {
    const row = JSON.stringify([name, price, initial])
    const said = created.get(productId)
    if (said?.includes(row) === true) continue
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (said === undefined) broken('no record has created it')
    else broken(`created as ${said.join(' and ')}, not ${row}`)
  }
}

/** What the orders' rows hold and have sold, by product. */
function linesOf({ rows, log, inFlight }: ComparisonParts): { held: Ranges; sold: Ranges } {
  const sums = { held: createRanges(), sold: createRanges() }
  for (const [orderId, { row }] of rows['stock-rows']) {
    if (!('lines' in row)) continue
    const isMoving = inFlight.isMoving('stock-step', orderId)
    for (const { productId, quantity } of row.lines) {
      for (const status of ['held', 'sold'] as const) {
        const certain = row.status === status ? quantity : 0
        sums[status].add(productId, isMoving ? 0 : certain, isMoving ? quantity : certain)
      }
    }
  }
  // The rows were read before the products: what was held in between is in the products alone.
  for (const { orderId, placed, alsoPlaced } of log.orders.values()) {
    const status = rows['stock-rows'].get(orderId)?.row.status ?? 'waiting'
    if (placed === null || status !== 'waiting') continue
    if (!inFlight.isMoving('stock-step', orderId)) continue
    const { lines } = placed.message
    const others = alsoPlaced.flatMap((other) => (sameLines(other.lines, lines) ? [] : other.lines))
    for (const { productId, quantity } of [...lines, ...others]) {
      for (const sum of Object.values(sums)) sum.add(productId, 0, quantity)
    }
  }
  return sums
}

/**
 * Sums by key of rows that need not be as of one moment: what may have moved while they were read
 * counts as a range. Rows as of one moment give a range of a single number.
 */
type Ranges = {
  keys(): Iterable<string>
  /** A summand between `a` and `b`. */
  add(key: string, a: number, b?: number): void
  /** `onOutside` is told the range that does not contain the value. */
  compare(key: string, value: number, onOutside: (range: string) => void): void
}

function createRanges(): Ranges {
  const ranges = new Map<string, { min: number; max: number }>()
  return {
    keys: () => ranges.keys(),
    add(key, a, b = a) {
      const range = ranges.get(key) ?? { min: 0, max: 0 }
      range.min += Math.min(a, b)
      range.max += Math.max(a, b)
      ranges.set(key, range)
    },
    compare(key, value, onOutside) {
      const { min, max } = ranges.get(key) ?? { min: 0, max: 0 }
      if (value >= min && value <= max) return
      onOutside(min === max ? String(min) : `${min} to ${max}`)
    },
  }
}

function brokenOf(findings: Findings, invariant: Invariant, what: string): (text: string) => void {
  return (text) => findings.add(invariant, {}, `${what}: ${text}`)
}
