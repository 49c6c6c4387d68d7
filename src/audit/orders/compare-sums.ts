// Stock and money add up: what was supplied, as the log and the commands say, against what lies
// there, is held, sold or paid by the rows of the orders.

import { productsTopic, walletsTopic } from '../../domain/orders/messages.ts'
import { type ConsumerName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import { brokenOrder, type Findings, type Invariant } from '../findings.ts'
import type { ComparisonParts } from './compare-orders.ts'
import { createRanges, type Ranges } from './ranges.ts'
import type { Supplied } from './read-log.ts'

export function compareStock(parts: ComparisonParts): void {
  const { rows, log, findings } = parts
  const supplies = log.products.map(({ message, ...place }) => {
    const { productId: key, commandId } = message
    const amount = message.type === 'stock.added' ? message.add : null
    return { ...place, message: { key, commandId, amount } }
  })
  const added = compareCommands(parts, {
    consumer: 'stock-step',
    topic: productsTopic,
    commands: rows['stock-commands'],
    invariant: 'I11',
    supplies,
  })
  const lines = linesOf(parts)
  for (const { productId, initial, supplied, available, held, sold } of rows.products.values()) {
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (available < 0 || held < 0 || sold < 0) {
      broken(() => `below zero: ${available} available, ${held} held, ${sold} sold`)
    }
    const sum = available + held + sold
    if (sum !== supplied) {
      broken(() => `${available} + ${held} + ${sold} is ${sum}, but ${supplied} were supplied`)
    }
    added.compare(productId, supplied - initial, (range) => {
      broken(() => `${supplied - initial} were added by its row, ${range} by its commands`)
    })
    lines.held.compare(productId, held, (range) => {
      broken(() => `${held} are held by its row, ${range} by the orders`)
    })
    lines.sold.compare(productId, sold, (range) => {
      broken(() => `${sold} are sold by its row, ${range} by the orders`)
    })
  }
  compareProducts(parts)
}

export function compareMoney(parts: ComparisonParts): void {
  const { rows, log, findings, inFlight } = parts
  const supplies = log.topUps.map(({ message, ...place }) => {
    const { userId: key, commandId, amount } = message
    return { ...place, message: { key, commandId, amount } }
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
  for (const { orderId, due } of log.ledgers.values()) {
    if (due === null || rows.charges.has(orderId)) continue
    if (inFlight.isMoving('payment-step', orderId)) balances.add(due.userId, -due.total, 0)
  }
  for (const userId of new Set([...balances.keys(), ...rows.balances.keys()])) {
    const balance = rows.balances.get(userId)?.balance ?? 0
    const broken = brokenOf(findings, 'I12', `the wallet of ${userId}`)
    if (balance < 0) broken(() => `the balance is ${balance}`)
    balances.compare(userId, balance, (range) => {
      broken(() => `the balance is ${balance}, but top-ups less what was paid are ${range}`)
    })
  }
  compareCharges(parts)
}

/** With another provider than the built-in wallet there are no charges at all. */
function compareCharges({ rows, log, inFlight, findings }: ComparisonParts): void {
  if (rows.charges.size === 0) return
  for (const [orderId, { row }] of rows['payment-rows']) {
    const ledger = log.ledgers.get(orderId)
    if (ledger === undefined || !inFlight.isOrderSettled('payment-step', ledger)) continue
    const charge = rows.charges.get(orderId)
    const paid = row.status === 'captured' ? row.amount : 0
    const charged = charge?.status === 'captured' ? charge.amount : 0
    if (paid === charged) continue
    brokenOrder(findings, orderId)('I12', () => {
      return `${paid} was paid by its payment row, ${charged} by the wallet`
    })
  }
  for (const [orderId, { status, userId }] of rows.charges) {
    const ledger = log.ledgers.get(orderId)
    const broken = brokenOrder(findings, orderId)
    if (ledger === undefined || ledger.due === null) {
      broken('I12', () => `a charge of ${userId}, but payment was never due`)
    } else if (status === 'captured' && ledger.end?.type === 'order.cancelled') {
      if (rows['payment-rows'].has(orderId) || !inFlight.isOrderSettled('payment-step', ledger))
        continue
      broken('I12', () => 'it was cancelled, but has paid')
    }
  }
}

type Command = { key: string; commandId: string; amount: number | null }
type Supply = {
  consumer: ConsumerName
  topic: string
  invariant: Invariant
  supplies: readonly Supplied<Command>[]
  commands: ReadonlyMap<string, DoneCommand>
}

/** Every record has its command, once, and no command is without a record. What they added. */
function compareCommands({ rows, findings, inFlight }: ComparisonParts, supply: Supply): Ranges {
  const { consumer, topic, invariant, commands, supplies } = supply
  const amounts = new Map<string, Set<number | null>>()
  const moving = new Set<string>()
  const added = createRanges()
  for (const { message, partition, offset } of supplies) {
    const { key, commandId, amount } = message
    const name = commandKey(message)
    amounts.set(name, (amounts.get(name) ?? new Set()).add(amount))
    const isSettled = inFlight.isSettled(consumer, { topic, partition, key, lastOffset: offset })
    if (!isSettled && !rows.oneMoment) moving.add(name)
    if (commands.has(name)) continue
    if (!isSettled) {
      if (!rows.oneMoment) added.add(key, 0, amount ?? 0)
      continue
    }
    findings.add(invariant, null, () => {
      const where = `record ${offset} of partition ${partition} of ${topic}`
      return `${where}: command ${commandId} of ${key} was never applied`
    })
  }
  for (const [name, { key, commandId, amount, outcome }] of commands) {
    const said = amounts.get(name)
    if (said === undefined) {
      findings.add(invariant, null, () => `command ${commandId} of ${key} is not in ${topic}`)
    } else if (amount !== null && !said.has(amount) && !said.has(null)) {
      findings.add(invariant, null, () => {
        return `command ${commandId} of ${key} was applied with ${amount}, not as in ${topic}`
      })
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
  for (const { message, partition, offset: lastOffset } of log.products) {
    if (message.type !== 'product.created') continue
    const { productId: key, name, price, stock } = message
    created.set(key, [...(created.get(key) ?? []), JSON.stringify([name, price, stock])])
    if (rows.products.has(key)) continue
    const subject = { topic: productsTopic, partition, key, lastOffset }
    if (!inFlight.isSettled('stock-step', subject)) continue
    findings.add('I11', null, () => `product ${key}: it was created, but its row is missing`)
  }
  for (const { productId, name, price, initial } of rows.products.values()) {
    const row = JSON.stringify([name, price, initial])
    const said = created.get(productId)
    if (said?.includes(row) === true) continue
    brokenOf(
      findings,
      'I11',
      `product ${productId}`,
    )(() => {
      return said === undefined
        ? 'no record has created it'
        : `created as ${said.join(' and ')}, not ${row}`
    })
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
  for (const { orderId, placed, otherLines } of log.ledgers.values()) {
    if (placed === null || rows['stock-rows'].has(orderId)) continue
    if (!inFlight.isMoving('stock-step', orderId)) continue
    for (const { productId, quantity } of [...placed.lines, ...otherLines]) {
      sums.held.add(productId, 0, quantity)
      sums.sold.add(productId, 0, quantity)
    }
  }
  return sums
}

function brokenOf(
  findings: Findings,
  invariant: Invariant,
  what: string,
): (text: () => string) => void {
  return (text) => findings.add(invariant, null, () => `${what}: ${text()}`)
}
