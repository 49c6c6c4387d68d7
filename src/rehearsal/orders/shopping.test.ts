// How one order ends, for every order of replies, in virtual time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Reply } from '../attempts.ts'
import type { OrderAnswer, OrderSeen } from '../service.ts'
import type { Intent } from './order-evidence.ts'
import { place } from './shopping.ts'

type OrderReply = Reply<OrderAnswer>

const intent: Intent = { user: 0, key: 'order', wish: 'plain', lines: [] }
const order: OrderSeen = {
  orderId: 'a',
  status: 'confirmed',
  reason: null,
  lines: [],
  couponId: null,
  sums: null,
}
const ended: OrderReply = { kind: 'ended', order }
const pending: OrderReply = { kind: 'pending', location: '/orders/a', retryAfterMs: null }
const busy: OrderReply = { kind: 'again', reason: 'status 503', retryAfterMs: 1000 }
const lost: OrderReply = { kind: 'again', reason: 'cut off', retryAfterMs: null }
const none: OrderReply = { kind: 'none' }

/** Each request takes 10 ms; the last reply is repeated for ever. */
async function placed(replies: OrderReply[]) {
  const clock = virtualClock(0)
  const calls: string[] = []
  const next = (call: string): Promise<OrderReply> => {
    const reply = replies[Math.min(calls.length, replies.length - 1)] ?? lost
    calls.push(call)
    return new Promise((resolve) => {
      clock.after(10, () => resolve(reply))
    })
  }
  const service = { place: () => next('place'), pollOrder: (location: string) => next(location) }
  const parts = { clock, service, limits: { orderMsMax: 10_000 } }
  const placing = place(parts, { intent, token: 't' })
  await clock.runUntil(60_000)
  const entry = await placing
  return { ...entry, calls, ms: entry.endedAt - entry.firstSentAt }
}

test('an end is an end, and so is a refusal', async () => {
  const first = await placed([ended])
  assert.deepEqual([first.answer, first.calls, first.ms], [ended, ['place'], 10])
  const refused: OrderReply = { kind: 'refused', problem: 'coupon-not-held' }
  assert.deepEqual((await placed([refused])).answer, refused)
})

test('an order that was only accepted is followed to its end', async () => {
  const { answer, calls, polls, retries } = await placed([pending, pending, ended])
  assert.deepEqual(answer, ended)
  assert.deepEqual(calls, ['place', '/orders/a', '/orders/a'])
  assert.deepEqual([polls, retries], [2, 0])
})

test('an answer that got lost is asked for with the same key', async () => {
  const { answer, calls, retries } = await placed([lost, ended])
  assert.deepEqual([answer, calls, retries], [ended, ['place', 'place'], 1])
  const following = await placed([pending, lost, ended])
  assert.deepEqual(following.calls, ['place', '/orders/a', '/orders/a'])
})

test('who is turned away waits for so long', async () => {
  const { answer, ms } = await placed([busy, ended])
  assert.deepEqual([answer, ms], [ended, 1020])
})

test('an order that was accepted and is not there is placed again', async () => {
  const { answer, calls } = await placed([pending, none, ended])
  assert.deepEqual([answer, calls], [ended, ['place', '/orders/a', 'place']])
})

test('an order that never ends is pending, one that nobody answers unknown', async () => {
  const open = await placed([pending])
  assert.deepEqual(open.answer, { kind: 'pending' })
  assert.ok(open.ms <= 10_010, `${open.ms} ms`)
  const reason = 'no answer to the end (status 503)'
  assert.deepEqual((await placed([busy])).answer, { kind: 'unknown', reason })
  const odd: OrderReply = { kind: 'unknown', reason: 'status 418' }
  assert.deepEqual((await placed([odd])).answer, { kind: 'unknown', reason: 'status 418' })
})
