// What must hold at the end of a simulated rush on few pieces: whoever has money buys while there
// are pieces, everything adds up, and what a provider contradicts is a matter for people.

import assert from 'node:assert/strict'
import { orderStepsTopic } from '../../src/domain/orders/messages.ts'
import type { ConsumerName } from '../../src/ports/orders.ts'
import { auditWorld } from '../models/orders-audit.ts'
import { auditedSystem } from '../models/orders-system-audit.ts'
import { cutBelow, placeAt } from './cut-log.ts'
import { type Buyer, longLimitMs, type OrdersRun, price, runOrders } from './orders-world.ts'
import type { Counts } from './seeds.ts'
import { replayedClaims } from './world-revokes.ts'

export async function checkOrders(seed: number): Promise<Counts> {
  const world = await runOrders(seed)
  const ends = await check(world)
  await checkCutLog(world)
  return { ...ends, ...world.faults }
}

async function check(world: OrdersRun): Promise<Counts> {
  const { system, pieces, buyers } = world
  assert.deepEqual(system.errors, [])
  const disputed = disputedOf(world)
  const ends = buyers.map((buyer) => ({ buyer, end: endOf(world, buyer) }))
  for (const { buyer, end } of ends) checkEnd(world, buyer, end)
  const product = system.stores.stock.tables.products.get('tea')
  const sold = ends.filter(({ end }) => end === 'confirmed').length
  assert.deepEqual([product?.sold, product?.held], [sold, 0], 'I11')
  const soldOut = ends.some(({ end }) => end === 'out_of_stock')
  if (soldOut) assert.equal(sold, pieces, 'nobody is refused while pieces are merely held')
  checkRevoked(world)
  const claims = replayedClaims(world.coupons.claims)
  const { found } = await auditWorld(await auditedSystem(system), { now: null, claims })
  const named = new Set(found.map(({ orderId, text }) => orderId ?? text))
  const contradicted = disputed.filter((orderId) => !wasSaid(world, orderId, 'payment.refunded'))
  assert.deepEqual([...named].sort(), contradicted, 'the audit names what contradicts itself')
  const timedOut = ends.filter(({ end }) => end === 'timed_out').length
  const revoked = ends.filter(({ end }) => end === 'coupon_revoked').length
  return { sold, timedOut, disputed: disputed.length, revoked }
}

/** Whichever came first, the step's transaction or the issuer's. */
function checkRevoked({ system, coupons }: OrdersRun): void {
  const { uses } = system.stores.coupons.tables
  for (const [key, before] of coupons.spentBefore) {
    const usedBy = uses.get(key) ?? null
    assert.ok(usedBy === null || usedBy === before, `I15: ${usedBy} spent what was revoked`)
  }
}

function endOf({ system }: OrdersRun, { orderId }: Buyer): string {
  const state = system.stores.orders.kept.get(orderId)?.state
  return state?.status === 'cancelled' ? state.reason : (state?.status ?? 'absent')
}

/** Those for which people have a letter. */
function disputedOf({ system }: OrdersRun): string[] {
  const letters = [...system.stores.letters.tables.letters.values()]
  assert.ok(letters.every(({ consumer }) => consumer === 'payment-step'))
  return [...new Set(letters.map(({ key }) => key))].sort()
}

function checkEnd(world: OrdersRun, buyer: Buyer, end: string): void {
  const { payments, coupons } = world
  const { orderId, isRich, limitMs } = buyer
  const isDisputed = disputedOf(world).includes(orderId)
  const allowed = ['timed_out', 'out_of_stock', isRich ? 'confirmed' : 'insufficient_funds']
  if (coupons.isRevoked(buyer.userId)) allowed.push('coupon_revoked')
  const isLiedAbout = payments?.hasLiedAbout(orderId) === true
  if (!isLiedAbout) assert.ok(allowed.includes(end), `${orderId} ended ${end}`)
  if (end === 'timed_out') {
    assert.notEqual(limitMs, longLimitMs, `${orderId} had time enough`)
  }
  if (payments === null) return
  if (isDisputed) return assert.ok(isLiedAbout)
  // Where the step was never told that it was captured, or that it was not, nobody can know.
  if (isLiedAbout && !wasSaid(world, orderId, 'payment.captured')) return
  assert.equal(payments.paidFor(orderId), end === 'confirmed' ? price : 0, `I12: ${orderId}`)
}

/** Also where it was asked twice, and the second answer was the truth. */
function wasSaid({ system: { log } }: OrdersRun, orderId: string, type: string): boolean {
  const replies = log.records(orderStepsTopic).flat()
  return replies.some(({ key, headers }) => {
    return key === orderId && headers?.['ce_id'] === `${type}/${orderId}`
  })
}

/** Nobody starts on it, and a consumer that is started all the same stops before it reads. */
async function checkCutLog({ system, random }: OrdersRun): Promise<void> {
  const { positions } = await auditedSystem(system)
  const places = positions.map(({ consumer: reader, ...at }) =>
    placeAt(system.log, { reader, ...at }),
  )
  const cut = await cutBelow(system.log, places, random)
  assert.ok(cut !== null, 'something was read')
  const process = await system.run({ names: [cut.reader as ConsumerName] })
  await system.pass(1)
  assert.deepEqual(
    system.errors.map((error) => Object(error).code),
    ['log_damaged'],
  )
  await process.kill()
}
