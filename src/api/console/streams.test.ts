import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Page } from '../../ports/coupons.ts'
import { Figures } from './figures.ts'
import { Streams, streamEveryMs } from './streams.ts'
import { Traffic } from './traffic.ts'

const startedAt = Date.parse('2026-05-01T09:00:00Z')
const session = { userId: 'lee', scope: 'operator', endsAt: startedAt + 86_400_000 } as const

function coupon(n: number, quantity: number): Coupon {
  const couponId = `c-${String(n).padStart(4, '0')}`
  const ends = { opensAt: startedAt, closesAt: Number.POSITIVE_INFINITY }
  const state = { name: '쿠'.repeat(100), quantity, paused: false, winners: new Map(), ...ends }
  return { status: 'open', couponId, ...state } as unknown as Coupon
}

/** `change`: gives every coupon another quantity. */
function watched(coupons: number) {
  const clock = virtualClock(startedAt)
  let quantity = 1
  let looks = 0
  const claims = {
    logTime: () => clock.now(),
    readiness: () => ({ ready: true, reasons: [] }),
    coupons({ limit, after = '' }: Page) {
      looks += 1
      return Array.from({ length: coupons }, (_, n) => coupon(n, quantity))
        .filter(({ couponId }) => couponId > after)
        .slice(0, limit)
    },
  }
  const figures = new Figures({
    clock,
    newId: () => 'one',
    traffic: new Traffic(),
    claimCounts: () => ({}),
    isReady: () => true,
    quantityOf: () => undefined,
    logTime: () => clock.now(),
    readUpTo: () => undefined,
    reader: () => null,
  })
  const streams = new Streams({ clock, claims, figures, streamsMax: 3 })
  return {
    streams,
    clock,
    looks: () => looks,
    change() {
      quantity += 1
    },
  }
}

const open = (streams: Streams): Readable => streams.open(session) ?? assert.fail('no stream')

test('who does not read is cut off with little waiting, and the others go on', async () => {
  const { streams, clock, change } = watched(200)
  const silent = open(streams)
  const reading = open(streams)
  let read = 0
  reading.on('data', (event: Buffer) => {
    read += event.length
  })
  const whole = silent.readableLength
  let turns = 0
  while (!silent.destroyed) {
    assert.ok(silent.readableLength < 2 * whole + 300_000, `${silent.readableLength} bytes wait`)
    assert.ok(++turns < 20)
    change()
    await clock.runUntil(clock.now() + streamEveryMs)
  }
  assert.equal(streams.size(), 1)
  assert.ok(read > turns * 100_000)
  reading.destroy()
})

test('every coupon is in the state, however many pages of them there are', () => {
  const { streams } = watched(2_500)
  const body = open(streams)
  const [, data = ''] = /^event: state\ndata: (.*)\n\n$/.exec(String(body.read())) ?? []
  assert.equal((JSON.parse(data) as { coupons: unknown[] }).coupons.length, 2_500)
  body.destroy()
})

test('what did not change is not said again, and the heartbeat goes on', async () => {
  const { streams, clock } = watched(5)
  const body = open(streams)
  await clock.runUntil(clock.now() + 3 * streamEveryMs)
  const events = String(body.read()).split('\n\n').filter(Boolean)
  assert.equal(events.length, 4)
  for (const event of events.slice(1)) assert.match(event, /^event: change\n.*"coupons":\[\]/)
  body.destroy()
})

test('state and change are written once for all consoles, and a later one is told what is new', async () => {
  const { streams, clock, looks, change } = watched(5)
  const [first, second] = [open(streams), open(streams)]
  assert.equal(looks(), 1)
  assert.deepEqual(first.read(), second.read())
  change()
  await clock.runUntil(clock.now() + streamEveryMs)
  assert.equal(looks(), 2)
  const changed = String(first.read())
  assert.equal(String(second.read()), changed)
  assert.match(changed, /"quantity":2/)
  const third = open(streams)
  assert.match(String(third.read()), /^event: state\n.*"quantity":2/)
  for (const body of [first, second, third]) body.destroy()
})
