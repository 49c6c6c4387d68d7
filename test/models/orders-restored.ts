// A world of orders whose rows were lost: its topics on the memory log, and the real consumers over
// empty stores, into which they may be restored. And what must hold once all of them are at rest.

import assert from 'node:assert/strict'
import { orderStepsTopic, ordersTopic } from '../../src/domain/orders/messages.ts'
import type { AwaitedOrder, ConfirmedOrder, Order, Product } from '../../src/domain/orders/state.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import type { RestoredStores } from '../../src/orders/restore/restore-orders.ts'
import { couponKey } from '../../src/ports/orders.ts'
import { appendRevoke, revokedKeys } from '../simulation/world-revokes.ts'
import { createOrdersSystem, type OrdersSystem } from './orders-consumers.ts'
import { readStored, type Scenario, type World } from './orders-world.ts'

/** Its products and wallets as if all was supplied; the orders that were placed by then. */
export async function withoutRows(world: World, scenario: Scenario): Promise<OrdersSystem> {
  const system = createOrdersSystem(world.now)
  await system.append(...scenario.supplies)
  for (const [name, topic] of [
    ['orders', ordersTopic],
    ['steps', orderStepsTopic],
  ] as const) {
    const partitions = system.log.records(topic)
    for (const stored of world.topics[name].flat().toSorted((a, b) => a.at - b.at)) {
      const key = readStored(name, stored).message.orderId
      const partition = partitionFor(key, partitions.length)
      const records = partitions[partition] ?? []
      const { value, at: appendedAt } = stored
      records.push({ key, value, partition, offset: records.length, appendedAt })
    }
  }
  system.issued(new Map(scenario.won.map((won) => [couponKey(won), won])))
  const { tables } = system.stores.coupons
  tables.issuerNext.set(0, Number.MAX_SAFE_INTEGER)
  tables.revoked = new Set(revokedKeys(world.claims).map(asStored))
  return system
}

/** The issuer writes what is revoked later; gives back what had been spent by then. */
export function revokeRest({ stores }: OrdersSystem, { claims, waiting, now }: World): SpentBefore {
  for (const asked of waiting.revokes.splice(0)) appendRevoke(claims, asked, now)
  const { tables } = stores.coupons
  const keys = revokedKeys(claims).map(asStored)
  for (const key of keys) tables.revoked.add(key)
  return new Map(keys.map((key) => [key, tables.uses.get(key)]))
}
/** By coupon and user, of what is revoked. */
type SpentBefore = ReadonlyMap<string, string | undefined>

/** Whichever came first, in the order of the transactions. */
export function checkRevoked({ stores }: OrdersSystem, before: SpentBefore): void {
  for (const [key, orderId] of before) {
    const usedBy = stores.coupons.tables.uses.get(key)
    assert.ok(usedBy === undefined || usedBy === orderId, `I15: ${usedBy} spent what was revoked`)
  }
}

function asStored(key: string): string {
  const [couponId = '', userId = ''] = key.split('/')
  return couponKey({ couponId, userId })
}

export function storesOf({ stores }: OrdersSystem, isWallet = true): RestoredStores {
  const { orders, coupons, stock, payment, letters, wallet } = stores
  return { orders, coupons, stock, payments: payment, letters, wallet: isWallet ? wallet : null }
}

/** `balances`: of the provider that was asked. */
export function checkAtRest(
  { stores }: OrdersSystem,
  { orders: ordered, redemptions = [], supplies }: Scenario,
  balances: ReadonlyMap<string, number>,
): void {
  assert.deepEqual([...stores.letters.tables.letters.values()], [], 'all could be handled')
  const orders = [...stores.orders.kept.values()].map(({ state }) => state)
  const placed = [...ordered, ...redemptions]
  assert.equal(orders.length, new Set(placed.map(({ orderId }) => orderId)).size)
  const confirmed: ConfirmedOrder[] = []
  for (const order of orders) {
    if (order.status === 'confirmed') confirmed.push(order)
    checkRows(order, stores)
  }
  const uses = confirmed.flatMap(({ orderId, userId, coupon }) => {
    return coupon === null ? [] : [`${couponKey({ ...coupon, userId })} ${orderId}`]
  })
  const stored = [...stores.coupons.tables.uses].map((entry) => entry.join(' '))
  assert.deepEqual(stored.sort(), uses.sort(), 'I13: one confirmed order for each use')
  checkStock(stores.stock.tables.products.values(), confirmed, supplies)
  for (const userId of ['ann', 'bob', 'cat']) {
    const paid = confirmed.filter((order) => order.userId === userId && !order.redemption)
    const spent = paid.reduce((sum, { sums }) => sum + sums.total, 0)
    const has = balances.get(userId) ?? 0
    assert.equal(has + spent, suppliedOf(supplies, userId), `I12: ${userId}'s money`)
  }
}

function checkRows(
  order: AwaitedOrder | Order,
  { coupons, stock, payment }: OrdersSystem['stores'],
): void {
  const { orderId, status } = order
  const rows = [coupons, stock, payment].map(({ tables }) => tables.rows.get(orderId)?.status)
  const said = order.heard.notes.map(({ outcome }) => outcome)
  for (const outcome of ['used', 'released', 'held', 'sold', 'captured', 'refunded'] as const) {
    if (rows.includes(outcome)) assert.ok(said.includes(outcome), `${orderId}: ${outcome}, unsaid`)
  }
  const coupon = '(unneeded|refused|released|cancelled)'
  if (status === 'confirmed') {
    const used = order.coupon === null ? coupon : 'used'
    if (order.redemption !== undefined)
      return assert.deepEqual(rows, ['used', undefined, undefined])
    assert.match(rows.join(' '), new RegExp(`^${used} sold captured$`), orderId)
    return
  }
  if (status === 'returned') {
    const released = order.coupon === null ? coupon : 'released'
    const refunded = order.sums.total === 0 ? 'captured' : 'refunded'
    assert.match(rows.join(' '), new RegExp(`^${released} returned ${refunded}$`), orderId)
    return
  }
  assert.equal(status, 'cancelled', 'I10: every order ends')
  if (order.redemption !== undefined) {
    assert.match(rows.join(' '), /^(refused|released|cancelled) {2}$/, orderId)
    return
  }
  const undone = '(refused|released|cancelled) (refused|refunded|cancelled)'
  assert.match(rows.join(' '), new RegExp(`^${coupon} ${undone}$`), orderId)
}

function checkStock(
  products: Iterable<Product>,
  confirmed: readonly Order[],
  supplies: Scenario['supplies'],
): void {
  for (const product of products) {
    const { productId, supplied, available, held, sold } = product
    const bought = confirmed.flatMap(({ lines }) =>
      lines.filter((it) => it.productId === productId),
    )
    const boughtSum = bought.reduce((sum, { quantity }) => sum + quantity, 0)
    const sums = { supplied: suppliedOf(supplies, productId), held: 0, sold: boughtSum }
    assert.deepEqual({ supplied, held, sold }, sums, `I11: ${productId}`)
    assert.equal(available + sold, supplied, 'I11')
  }
}

function suppliedOf(supplies: Scenario['supplies'], key: string): number {
  return supplies.reduce((sum, supply) => {
    if (supply.type === 'wallet.topped_up') return sum + (supply.userId === key ? supply.amount : 0)
    if (supply.productId !== key) return sum
    return sum + (supply.type === 'product.created' ? supply.stock : supply.add)
  }, 0)
}
