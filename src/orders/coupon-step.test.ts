import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Driven, drive } from '../../test/models/work-driver.ts'
import { createCouponStepStoreMemory } from '../adapters/memory/consumer-stores.ts'
import type { OrderMessage } from '../domain/orders/messages.ts'
import { couponKey } from '../ports/orders.ts'
import { createCouponStep } from './coupon-step.ts'

const discount = { kind: 'amount', value: 100 } as const

function placed(orderId: string, { userId = 'ann', couponId = 'spring' } = {}): OrderMessage {
  const lines = [{ productId: 'tea', quantity: 1 }]
  const coupon = { couponId, partition: 2, offset: 7 }
  return { type: 'order.placed', orderId, userId, lines, coupon, timeLimitMs: 9 }
}
function plain(orderId: string): OrderMessage {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', orderId, userId: 'ann', lines, timeLimitMs: 9 }
}
function cancelled(orderId: string): OrderMessage {
  return { type: 'order.cancelled', orderId, reason: 'timed_out' }
}
function confirmed(orderId: string, couponId?: string): OrderMessage {
  return couponId === undefined
    ? { type: 'order.confirmed', orderId }
    : { type: 'order.confirmed', orderId, couponId }
}

/** The issuer has come past offset 7, and ann holds `spring`, once `issue` is called. */
function startStep() {
  const store = createCouponStepStoreMemory()
  const step = createCouponStep(store)
  const { tables } = store
  const issue = (userId = 'ann', couponId = 'spring') => {
    tables.issued.set(couponKey({ couponId, userId }), { discount })
    tables.issuerNext.set(2, 8)
  }
  const take = (messages: readonly OrderMessage[]) => drive(step, messages)
  return { tables, step, issue, take }
}

const used = (orderId: string): Driven => {
  return { kind: 'applied', said: [{ type: 'coupon.used', orderId, couponId: 'spring', discount }] }
}
const refused = (orderId: string, reason: 'coupon_not_held' | 'coupon_already_used'): Driven => {
  return { kind: 'applied', said: [{ type: 'coupon.refused', orderId, reason }] }
}
const released = (orderId: string): Driven => {
  return { kind: 'applied', said: [{ type: 'coupon.released', orderId, couponId: 'spring' }] }
}
const again = (driven: Driven): Driven => ({ ...driven, kind: 'dropped' })
const nothing = (kind: 'applied' | 'dropped'): Driven => ({ kind, said: [] })

describe('the coupon step', () => {
  test('uses a coupon once, and says the same again to a record that comes again', async () => {
    const { issue, take, tables } = startStep()
    issue()
    assert.deepEqual(await take([placed('a')]), [used('a')])
    assert.deepEqual(await take([placed('a'), placed('a')]), [again(used('a')), again(used('a'))])
    assert.deepEqual([...tables.uses], [['spring ann', 'a']])
  })

  test('gives one coupon to the first of several orders in a batch', async () => {
    const { issue, take, tables } = startStep()
    issue()
    assert.deepEqual(await take([placed('a'), placed('b'), placed('a')]), [
      used('a'),
      nothing('applied'),
      again(used('a')),
    ])
    assert.deepEqual([...tables.uses], [['spring ann', 'a']])
  })

  test('lets the next order of the batch use what a cancelled one let go of', async () => {
    const { issue, take, tables } = startStep()
    issue()
    await take([placed('a')])
    const batch = [cancelled('a'), placed('b'), cancelled('a')]
    assert.deepEqual(await take(batch), [released('a'), used('b'), again(released('a'))])
    assert.deepEqual([...tables.uses], [['spring ann', 'b']])
  })

  test('leaves nothing behind where an order is placed and cancelled in one batch', async () => {
    const { issue, take, tables } = startStep()
    issue()
    assert.deepEqual(await take([placed('a'), cancelled('a')]), [used('a'), released('a')])
    assert.deepEqual([...tables.uses], [])
    assert.equal(tables.rows.get('a')?.status, 'released')
  })

  test('stores something for every order, and says nothing where none asks for a coupon', async () => {
    const { issue, take, tables } = startStep()
    issue()
    assert.deepEqual(await take([plain('a'), placed('a'), cancelled('b'), placed('b')]), [
      nothing('applied'),
      nothing('dropped'),
      nothing('applied'),
      nothing('dropped'),
    ])
    assert.deepEqual(
      [...tables.rows.values()].map(({ status }) => status),
      ['unneeded', 'cancelled'],
    )
  })

  test('lets go of a coupon where the confirmed order has none', async () => {
    const { issue, take } = startStep()
    issue()
    assert.deepEqual(await take([placed('a'), confirmed('a')]), [used('a'), released('a')])
    assert.deepEqual(await take([confirmed('a'), placed('b'), confirmed('b', 'spring')]), [
      again(released('a')),
      used('b'),
      nothing('applied'),
    ])
  })

  test('refuses a coupon that the user does not hold', async () => {
    const { issue, take } = startStep()
    issue('bob')
    assert.deepEqual(await take([placed('a')]), [refused('a', 'coupon_not_held')])
  })

  test('throws where the topic says two different things', async () => {
    const { issue, take } = startStep()
    issue()
    await take([cancelled('a')])
    await assert.rejects(take([confirmed('a', 'spring')]), /order.confirmed of order a contradicts/)
  })

  test('has no business with payments', () => {
    const { step } = startStep()
    const due = { subtotal: 1, discount: 0, total: 1, userId: 'ann', orderId: 'a' } as const
    const message = { type: 'order.payment_due', ...due } as const
    const item = { message, topic: 'firstcome.orders', partition: 0, at: 0 }
    assert.deepEqual(step.wantedBy([item]), { orderIds: [], coupons: [] })
  })
})

describe('where there is neither yes nor no for now, the coupon step', () => {
  test('stores that the order waits, says nothing, and holds up no other order', async () => {
    const { take, tables } = startStep()
    tables.issued.set('summer bob', {})
    const other = placed('b', { userId: 'bob', couponId: 'summer' })
    assert.deepEqual(await take([placed('a'), other, placed('a')]), [
      nothing('applied'),
      { kind: 'applied', said: [{ type: 'coupon.used', orderId: 'b', couponId: 'summer' }] },
      nothing('dropped'),
    ])
    assert.equal(tables.rows.get('a')?.status, 'waiting')
  })

  test('uses the coupon once it is written, or finds that it is not held', async () => {
    for (const isHeld of [true, false]) {
      const { take, issue, tables } = startStep()
      await take([placed('a')])
      if (isHeld) issue()
      else tables.issuerNext.set(2, 8)
      const answer = isHeld ? used('a') : refused('a', 'coupon_not_held')
      assert.deepEqual(await take([placed('a')]), [answer])
    }
  })

  test('lets the cancellation behind it leave its tombstone', async () => {
    const { take, issue, tables } = startStep()
    const batch = [placed('a'), cancelled('a')]
    assert.deepEqual(await take(batch), [nothing('applied'), nothing('applied')])
    assert.equal(tables.rows.get('a')?.status, 'cancelled')
    issue()
    assert.deepEqual(await take([placed('a')]), [nothing('dropped')])
    assert.deepEqual([...tables.uses], [])
  })

  test('gives what a living order has to the next one if that order is cancelled', async () => {
    const { take, issue } = startStep()
    issue()
    await take([placed('a'), placed('b')])
    assert.deepEqual(await take([cancelled('a'), placed('b')]), [released('a'), used('b')])
  })

  test('refuses what a confirmed order has spent', async () => {
    const { take, issue } = startStep()
    issue()
    await take([placed('a'), placed('b')])
    const batch = [confirmed('a', 'spring'), placed('b'), confirmed('a', 'spring')]
    const no = refused('b', 'coupon_already_used')
    assert.deepEqual(await take(batch), [nothing('applied'), no, nothing('dropped')])
  })
})
