// The event stream of the console: who may read it, what is in it, and when it ends.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FigureSources } from '../../../src/api/http/server-parts.ts'
import type { NodeReport, OtherNode } from '../../../src/ports/console-figures.ts'
import { waitFor } from '../../services/server-process.ts'
import { eventsIn, type StreamEvent } from './event-stream.ts'
import { type Overrides, startedAt, startTestServer, tokenOf } from './fixture.ts'

const token = tokenOf('operator')
const headers = { authorization: `Bearer ${token}` }

async function startWatched(t: TestContext, overrides: Overrides = {}) {
  const server = await startTestServer(t, overrides)
  const open = (given: Record<string, string> = headers) =>
    fetch(`${server.address}/console/stream`, { headers: given })
  return { ...server, open }
}

/** The first event that `fits`; the stream is left after it. */
async function find(
  events: AsyncGenerator<StreamEvent>,
  fits: (event: StreamEvent) => boolean,
): Promise<StreamEvent> {
  for (;;) {
    const { value } = (await events.next()) as IteratorResult<StreamEvent, undefined>
    if (value === undefined) assert.fail('the stream has ended')
    if (fits(value)) return value
  }
}

type Coupons = { couponId: string; remaining: number; status: string }[]
const couponsIn = ({ data }: StreamEvent) => data.coupons as Coupons

test('the state comes first, then each change, at least once a second', async (t) => {
  const { call, open } = await startWatched(t)
  const as = 'operator'
  await call('POST /coupons', { as, json: { couponId: 'tea', name: 'Tea', quantity: 2 } })
  const answer = await open()
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  assert.equal(answer.headers.get('x-accel-buffering'), 'no')
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  const events = eventsIn(answer)
  const { name, data } = await find(events, () => true)
  assert.equal(name, 'state')
  const { coupons, seconds, gate, log, database, nodes, now } = data
  assert.deepEqual(coupons, [
    {
      couponId: 'tea',
      name: 'Tea',
      quantity: 2,
      issued: 0,
      remaining: 2,
      status: 'open',
      opensAt: '2026-05-01T09:00:00.000Z',
      closesAt: null,
      lastAct: 0,
    },
  ])
  assert.deepEqual([gate, log, database, nodes], ['none', [], 'away', null])
  assert.equal(now, '2026-05-01T09:00:00.000Z')
  assert.ok(Array.isArray(seconds))

  const askedAt = performance.now()
  await call('POST /coupons/tea/claims', { as: 'ann' })
  const won = await find(events, (event) => couponsIn(event).length > 0)
  assert.ok(performance.now() - askedAt < 2_000)
  assert.deepEqual([won.name, couponsIn(won)[0]?.remaining], ['change', 1])
  await call('POST /coupons', { as, json: { couponId: 'oat', name: 'Oat', quantity: 1 } })
  await call('POST /coupons/tea/pause', { as })
  const seen = new Map<string, string>()
  await find(events, (event) => {
    for (const { couponId, status } of couponsIn(event)) seen.set(couponId, status)
    return seen.size === 2
  })
  assert.deepEqual([...seen].toSorted(), [
    ['oat', 'open'],
    ['tea', 'paused'],
  ])
  await events.return(undefined)
})

test('figures are of all nodes, the rows and this one', async (t) => {
  const other: OtherNode = { node: 'other', startedAgo: 9, reportedAgo: 1, report: null }
  const reports: NodeReport[] = []
  const counts = { issued: 0 }
  const left: string[] = []
  const figures: FigureSources = {
    claimCounts: () => counts,
    readUpTo: () => [10, 5],
    reader: () => ({
      rowsUpTo: async () => new Map([[0, 4]]),
      lettersWaiting: async () => 3,
    }),
    board: () => ({
      async exchange(_node, report) {
        reports.push(report)
        const claims = { issued: 100 * reports.length }
        return [other, { ...other, node: 'third', report: { ...report, claims } }]
      },
      async leave(node) {
        left.push(node)
      },
    }),
    gateIsHere: () => false,
  }
  const { call, open, close } = await startWatched(t, { figures })
  const as = 'operator'
  await call('POST /coupons', { as, json: { couponId: 'tea', name: 'Tea', quantity: 2 } })
  const events = eventsIn(await open())
  const claim = async () => {
    await call('POST /coupons/tea/claims', { as: 'ann' })
    counts.issued += 1
  }
  await claim()
  type Seconds = { claims: { issued: number }; p50: number | null; behind: number }[]
  const isWhole = ({ data }: StreamEvent) => {
    const [second] = data.seconds as Seconds
    return (second?.claims.issued ?? 0) >= 100 && data.nodes !== null
  }
  const { data } = await find(events, isWhole)
  assert.deepEqual(data.nodes, { alive: 3, known: 3 })
  assert.deepEqual([data.lettersWaiting, data.gate, data.database], [3, 'away', 'up'])
  assert.equal((data.seconds as Seconds)[0]?.behind, 11)
  await claim()
  const isMeasured = ({ data: { seconds } }: StreamEvent) =>
    Number((seconds as Seconds)[0]?.p50) > 0
  const measured = await find(events, isMeasured)
  assert.ok(Number((measured.data.seconds as Seconds)[0]?.p50) > 0)
  await close()
  assert.equal(left.length, 1)
})

test('operators and viewers may watch, by token or cookie, and as many as are let', async (t) => {
  const { call, open } = await startWatched(t, { settings: { consoleStreamsMax: 2 } })
  assert.equal((await open({})).status, 401)
  assert.equal((await open({ authorization: `Bearer ${tokenOf('ann')}` })).status, 403)
  const first = await open({ cookie: `firstcome_console=${token}` })
  const second = await open()
  assert.deepEqual([first.status, second.status], [200, 200])
  const third = await open()
  assert.equal(third.status, 503)
  assert.equal(third.headers.get('retry-after'), '3')
  assert.equal(((await third.json()) as { reason: string }).reason, 'console_streams')
  await second.body?.cancel()
  await waitFor('a place to be free', async () => {
    const again = await open()
    await again.body?.cancel()
    return again.status === 200
  })
  assert.equal((await call('HEAD /console/stream', { token })).status, 200)
  await first.body?.cancel()
})

test('a stream ends with its token', async (t) => {
  const { open, time } = await startWatched(t)
  const events = eventsIn(await open())
  await find(events, ({ name }) => name === 'change')
  time.now = startedAt + 3_600_000 + 5_000
  let isOver = false
  while (!isOver) isOver = (await events.next()).done === true
})

test('streams end first when the service stops, which waits for nobody who watches', async (t) => {
  const { open, close } = await startWatched(t)
  const watched = [eventsIn(await open()), eventsIn(await open())]
  for (const events of watched) await find(events, ({ name }) => name === 'state')
  const stoppedAt = performance.now()
  await close()
  assert.ok(performance.now() - stoppedAt < 2_000)
  for (const events of watched) {
    let isOver = false
    while (!isOver) isOver = (await events.next()).done === true
  }
})
