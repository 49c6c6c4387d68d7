// Stock adds up: what was supplied, as the log and the commands say, against what lies there, is
// held or sold by the rows of the orders.

import { sameLines } from '../../domain/orders/content.ts'
import type { Findings } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import { compareStockCommands } from './compare-commands.ts'
import type { OrdersParts } from './compare-orders.ts'
import type { ComparisonParts } from './in-flight.ts'
import { createRanges, type Ranges } from './ranges.ts'

/** What the orders' rows hold and have sold, by product. */
export type LineSums = { held: Ranges; sold: Ranges }

export function noLines(): LineSums {
  return { held: createRanges(), sold: createRanges() }
}

/** `lines`: of all orders. */
export function compareStock(parts: ComparisonParts, lines: LineSums): void {
  const { rows, findings } = parts
  const added = compareStockCommands(parts)
  for (const product of rows.products.values()) {
    const { productId, initial, supplied, available, held, sold } = product
    const broken = brokenOf(findings, productId)
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
    brokenOf(findings, key)('it was created, but its row is missing')
  }
  for (const { productId, name, price, initial } of rows.products.values()) {
    const row = JSON.stringify([name, price, initial])
    const said = created.get(productId)
    if (said?.includes(row) === true) continue
    const broken = brokenOf(findings, productId)
    if (said === undefined) broken('no record has created it')
    else broken(`created as ${said.join(' and ')}, not ${row}`)
  }
}

export function addLines(sums: LineSums, { rows, orders, inFlight }: OrdersParts): void {
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
  for (const { orderId, placed, alsoPlaced } of orders.values()) {
    const status = rows['stock-rows'].get(orderId)?.row.status ?? 'waiting'
    if (placed === null || status !== 'waiting') continue
    if (!inFlight.isMoving('stock-step', orderId)) continue
    const { lines } = placed.message
    const others = alsoPlaced.flatMap((other) => (sameLines(other.lines, lines) ? [] : other.lines))
    for (const { productId, quantity } of [...lines, ...others]) {
      for (const sum of Object.values(sums)) sum.add(productId, 0, quantity)
    }
  }
}

function brokenOf(findings: Findings, productId: string): (text: Sentence) => void {
  return (text) => findings.add('I11', { what: `product ${productId}` }, text)
}
