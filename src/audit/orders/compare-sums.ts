// Stock and money add up: what was supplied, as the log and the commands say, against what lies
// there, is held, sold or paid by the rows of the orders. Where the rows are not as of one moment,
// what may have moved in between widens the sum to a range.

import { productsTopic, walletsTopic } from '../../domain/orders/messages.ts'
import { type ConsumerName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import type { Findings, Invariant } from '../findings.ts'
import { type ComparisonParts, ofOrder } from './compare-orders.ts'
import type { Question } from './in-flight.ts'
import type { Supplied } from './read-log.ts'

/** What must be there, and what may be there besides. */
type Range = { sure: number; perhaps: number }
type Ranges = Map<string, Range>

export function compareStock(parts: ComparisonParts): void {
  const { rows, log, findings } = parts
  const supplies = log.products.map(({ message, ...place }) => ({
    ...place,
    message: {
      key: message.productId,
      commandId: message.commandId,
      amount: message.type === 'stock.added' ? message.add : null,
    },
  }))
  const consumer = 'stock-step'
  const supply = { consumer, topic: productsTopic, commands: rows.stockCommands } as const
  const added = compareCommands(parts, { ...supply, invariant: 'I11', supplies })
  const lines = linesOf(parts)
  for (const product of rows.products.values()) {
    const { productId, available, held, sold, supplied } = product
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (available < 0 || held < 0 || sold < 0) {
      broken(() => `below zero: ${available} available, ${held} held, ${sold} sold`)
    }
    if (available + held + sold !== supplied) {
      broken(() => {
        const sum = available + held + sold
        return `${available} + ${held} + ${sold} is ${sum}, but ${supplied} were supplied`
      })
    }
    compareRange(supplied - product.initial, added.get(productId), (range) => {
      broken(() => `${supplied - product.initial} were added by its row, ${range} by its commands`)
    })
    compareRange(held, lines.held.get(productId), (range) => {
      broken(() => `${held} are held by its row, ${range} by the orders`)
    })
    compareRange(sold, lines.sold.get(productId), (range) => {
      broken(() => `${sold} are sold by its row, ${range} by the orders`)
    })
  }
  compareProducts(parts)
}

export function compareMoney(parts: ComparisonParts): void {
  const { rows, log, findings, flight } = parts
  const supplies = log.topUps.map(({ message, ...place }) => {
    const { userId: key, commandId, amount } = message
    return { ...place, message: { key, commandId, amount } }
  })
  const consumer = 'payment-step'
  const supply = { consumer, topic: walletsTopic, commands: rows.paymentCommands } as const
  const balances = compareCommands(parts, { ...supply, invariant: 'I12', supplies })
  for (const [orderId, { userId, status, amount }] of rows.charges) {
    const book = log.books.get(orderId)
    const moving =
      !rows.oneMoment && (book === undefined || flight.waiting(ofOrder(consumer, book)) !== null)
    // A balance without the charge, or with it: both may have been read.
    if (status === 'captured')
      addTo(balances, userId, { sure: -amount, perhaps: moving ? amount : 0 })
    else if (status === 'undone' && moving) {
      addTo(balances, userId, { sure: -amount, perhaps: amount })
    }
  }
  if (!rows.oneMoment) addUnseenCharges(parts, balances)
  for (const userId of new Set([...balances.keys(), ...rows.balances.keys()])) {
    const balance = rows.balances.get(userId) ?? 0
    const broken = brokenOf(findings, 'I12', `the wallet of ${userId}`)
    if (balance < 0) broken(() => `the balance is ${balance}`)
    compareRange(balance, balances.get(userId), (range) => {
      broken(() => `the balance is ${balance}, but top-ups less what was paid are ${range}`)
    })
  }
  compareCharges(parts)
}

/** Orders whose charge was not there when the charges were read, and perhaps had been before. */
function addUnseenCharges({ rows, log, flight }: ComparisonParts, balances: Ranges): void {
  for (const book of log.books.values()) {
    if (book.due === null || rows.charges.has(book.orderId)) continue
    if (flight.waiting(ofOrder('payment-step', book)) === null) continue
    const { userId, total } = book.due
    addTo(balances, userId, { sure: -total, perhaps: total })
  }
}

/** With another provider than the built-in wallet there are no charges at all. */
function compareCharges({ rows, log, flight, findings }: ComparisonParts): void {
  if (rows.charges.size === 0) return
  for (const [orderId, { row }] of rows.paymentRows) {
    const book = log.books.get(orderId)
    if (book === undefined || flight.waiting(ofOrder('payment-step', book)) !== null) continue
    const charge = rows.charges.get(orderId)
    const broken = brokenOf(findings, 'I12', `order ${orderId}`)
    const paid = row.status === 'captured' ? row.amount : 0
    const charged = charge?.status === 'captured' ? charge.amount : 0
    if (paid === charged) continue
    broken(() => `${paid} was paid by its payment row, ${charged} by the wallet`)
  }
  for (const [orderId, { status, userId }] of rows.charges) {
    const book = log.books.get(orderId)
    const broken = brokenOf(findings, 'I12', `order ${orderId}`)
    if (book === undefined || book.due === null)
      broken(() => `a charge of ${userId}, but payment was never due`)
    else if (status === 'captured' && book.end?.type === 'order.cancelled') {
      if (flight.waiting(ofOrder('payment-step', book)) !== null) continue
      if (!rows.paymentRows.has(orderId)) broken(() => 'it was cancelled, but has paid')
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
function compareCommands({ rows, findings, flight }: ComparisonParts, supply: Supply): Ranges {
  const { consumer, topic, invariant, commands, supplies } = supply
  const amounts = new Map<string, Set<number | null>>()
  const moving = new Set<string>()
  const added: Ranges = new Map()
  for (const { message, partition, offset } of supplies) {
    const { key, commandId, amount } = message
    const name = commandKey(message)
    amounts.set(name, (amounts.get(name) ?? new Set()).add(amount))
    const question: Question = { consumer, topic, partition, key, lastOffset: offset }
    const waiting = flight.waiting(question)
    if (waiting !== null) moving.add(name)
    if (commands.has(name)) continue
    if (waiting === null) {
      findings.add(invariant, null, () => {
        const where = `record ${offset} of partition ${partition} of ${topic}`
        return `${where}: command ${commandId} of ${key} was never applied`
      })
    } else if (!rows.oneMoment) addTo(added, key, { sure: 0, perhaps: amount ?? 0 })
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
    const perhaps = !rows.oneMoment && moving.has(name)
    addTo(added, key, perhaps ? { sure: 0, perhaps: amount } : { sure: amount, perhaps: 0 })
  }
  return added
}

/** Each product is what a record created, and each record that was taken created one. */
function compareProducts({ rows, log, flight, findings }: ComparisonParts): void {
  const created = new Map<string, string[]>()
  for (const { message, partition, offset: lastOffset } of log.products) {
    if (message.type !== 'product.created') continue
    const { productId: key, name, price, stock } = message
    created.set(key, [...(created.get(key) ?? []), JSON.stringify([name, price, stock])])
    if (rows.products.has(key)) continue
    const consumer = 'stock-step'
    if (flight.waiting({ consumer, topic: productsTopic, partition, key, lastOffset })) continue
    findings.add('I11', null, () => `product ${key}: it was created, but its row is missing`)
  }
  for (const { productId, name, price, initial } of rows.products.values()) {
    const row = JSON.stringify([name, price, initial])
    const said = created.get(productId)
    if (said?.includes(row) === true) continue
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    broken(() =>
      said === undefined
        ? 'no record has created it'
        : `created as ${said.join(' and ')}, not ${row}`,
    )
  }
}

/** What the orders' rows hold and have sold, by product. */
function linesOf({ rows, log, flight }: ComparisonParts): { held: Ranges; sold: Ranges } {
  const held: Ranges = new Map()
  const sold: Ranges = new Map()
  const isMoving = (orderId: string) => {
    const book = log.books.get(orderId)
    if (rows.oneMoment) return false
    return book === undefined || flight.waiting(ofOrder('stock-step', book)) !== null
  }
  for (const [orderId, { row }] of rows.stockRows) {
    if (!('lines' in row)) continue
    const moving = isMoving(orderId)
    for (const { productId, quantity } of row.lines) {
      if (moving) {
        addTo(held, productId, { sure: 0, perhaps: quantity })
        addTo(sold, productId, { sure: 0, perhaps: quantity })
      } else if (row.status === 'held') addTo(held, productId, { sure: quantity, perhaps: 0 })
      else if (row.status === 'sold') addTo(sold, productId, { sure: quantity, perhaps: 0 })
    }
  }
  if (rows.oneMoment) return { held, sold }
  // The rows were read before the products: what was held in between is in the products alone.
  for (const { orderId, placed, otherLines } of log.books.values()) {
    if (placed === null || rows.stockRows.has(orderId) || !isMoving(orderId)) continue
    for (const { productId, quantity } of [...placed.lines, ...otherLines]) {
      addTo(held, productId, { sure: 0, perhaps: quantity })
      addTo(sold, productId, { sure: 0, perhaps: quantity })
    }
  }
  return { held, sold }
}

function compareRange(
  value: number,
  range: Range = { sure: 0, perhaps: 0 },
  onBroken: (range: string) => void,
): void {
  const { sure, perhaps } = range
  if (value >= sure && value <= sure + perhaps) return
  onBroken(perhaps === 0 ? String(sure) : `${sure} to ${sure + perhaps}`)
}

function addTo(ranges: Ranges, key: string, { sure, perhaps }: Range): void {
  const range = ranges.get(key)
  if (range === undefined) ranges.set(key, { sure, perhaps })
  else {
    range.sure += sure
    range.perhaps += perhaps
  }
}

function brokenOf(
  findings: Findings,
  invariant: Invariant,
  what: string,
): (text: () => string) => void {
  return (text) => findings.add(invariant, null, () => `${what}: ${text()}`)
}
