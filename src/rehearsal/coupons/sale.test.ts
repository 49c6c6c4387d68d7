// How one claim ends, for every order of replies, in virtual time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Entry, Reply as ReplyOf } from '../attempts.ts'
import type { ClaimAnswer, Issued } from '../service.ts'
import { claim } from './sale.ts'

type Reply = ReplyOf<ClaimAnswer>

const issued: Issued = { kind: 'issued', userId: 'ann', slot: 1, code: 'x', claimId: 'y' }
const pending: Reply = { kind: 'pending', location: '/coupons/c/claims/mine', retryAfterMs: null }
const tooMany: Reply = { kind: 'again', reason: 'status 429', retryAfterMs: 1000 }
const refused: Reply = { kind: 'again', reason: 'nobody listens there', retryAfterMs: null }
const lost: Reply = { kind: 'unknown', reason: 'timed out' }
const none: Reply = { kind: 'none' }

type Asked = { entry: Entry<ClaimAnswer>; calls: string[]; ms: number }

/** Each request takes 10 ms; the last reply is repeated for ever. */
async function asked(replies: Reply[]): Promise<Asked> {
  const clock = virtualClock(0)
  const calls: string[] = []
  const next = (call: string): Promise<Reply> => {
    const reply = replies[Math.min(calls.length, replies.length - 1)] ?? lost
    calls.push(call)
    return new Promise((resolve) => {
      clock.after(10, () => resolve(reply))
    })
  }
  const service = { claim: () => next('claim'), pollClaim: (location: string) => next(location) }
  const parts = { clock, service, limits: { claimMsMax: 10_000 } }
  const claiming = claim(parts, { couponId: 'c', user: 0, token: 't' })
  await clock.runUntil(60_000)
  const entry = await claiming
  return { entry, calls, ms: entry.endedAt - entry.firstSentAt }
}

test('a definite answer ends a claim', async () => {
  const { entry, calls, ms } = await asked([issued])
  assert.deepEqual(entry.answer, issued)
  assert.deepEqual([calls, ms, entry.retries], [['claim'], 10, 0])
})

test('a claim that was cut off or timed out is unknown at once, never a no', async () => {
  const { entry, calls } = await asked([lost])
  assert.deepEqual(entry.answer, { kind: 'unknown', reason: 'timed out' })
  assert.deepEqual(calls, ['claim'])
})

test('who was turned away comes again after the time that was named', async () => {
  const { entry, ms } = await asked([tooMany, tooMany, { kind: 'sold_out' }])
  assert.deepEqual([entry.answer.kind, entry.retries, ms], ['sold_out', 2, 2030])
  assert.equal(entry.sentAt - entry.firstSentAt, 2020)
})

test('a service that is not there for a moment is asked again', async () => {
  const { entry } = await asked([refused, refused, issued])
  assert.deepEqual([entry.answer.kind, entry.retries], ['issued', 2])
})

test('who is turned away to the end got no answer', async () => {
  const { entry, calls, ms } = await asked([tooMany])
  assert.deepEqual(entry.answer, {
    kind: 'unknown',
    reason: 'turned away to the end (status 429)',
  })
  assert.equal(calls.length, 10)
  assert.ok(ms <= 10_000, `${ms} ms`)
})

test('an accepted claim is asked for at its Location until it is decided', async () => {
  const { entry, calls } = await asked([pending, none, pending, lost, issued])
  const location = '/coupons/c/claims/mine'
  assert.deepEqual(calls, ['claim', location, location, location, location])
  assert.deepEqual([entry.answer.kind, entry.polls], ['issued', 4])
})

test('a claim that is never decided stays pending', async () => {
  const { entry, ms } = await asked([pending, none])
  assert.deepEqual(entry.answer, { kind: 'pending' })
  assert.ok(ms <= 10_000, `${ms} ms`)
})
