// PostgreSQL goes away while people claim at a steady rate. Nobody who claims notices; the issuer
// says that it waits, and the rows catch up once it is back. AWAY_SECONDS: how long it is away (8
// unless given: eight of the longest waits between two tries, and a backlog that can be measured).

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, readiness, startFaultServices } from './fault-services.ts'
import { checkLedger, checkRows } from './ledger-checks.ts'
import {
  type Ask,
  claimSteadily,
  isDefinite,
  latencyMs,
  NodeClients,
  sleep,
  tally,
} from './node-clients.ts'

const awaySeconds = Number(process.env.AWAY_SECONDS ?? 8)
const calmSeconds = 4
const perSecond = 200
const couponId = 'steady'
const quantity = 1_000_000
/** The backlog goes so many times as fast as claims arrive. */
const catchUpMin = 5
/** Each part that had failed waits for a next try of its own, after the first rows as well. */
const tryMsMax = 1_000
/** What a busy machine of two processors adds to an answer by itself, as a rule. */
const noiseMs = 50
/** Whoever waited for the database would wait for the next try: half a second on the average. */
const databaseWaitMs = 500

describe('while PostgreSQL is away', { timeout: 300_000 }, () => {
  let services: FaultServices
  let clients: NodeClients
  let api: RoleProcess
  let issuer: RoleProcess

  before(async () => {
    services = await startFaultServices()
    issuer = await services.role('issuer')
    api = await services.role('api')
    clients = new NodeClients([api])
    await clients.crowd(0).create({ couponId, quantity })
    // The first answers of a process are slower than any later one.
    await Promise.all(Array.from({ length: 500 }, (_, n) => clients.ask(couponId, `early-${n}`)))
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  it('claims are answered as before, and the rows catch up when it is back', async (t) => {
    const claiming = claimSteadily(clients, { perSecond, couponIds: [couponId], name: 'user' })
    const calmFrom = performance.now()
    await sleep(calmSeconds * 1000)
    await services.postgres.crash()
    const awayFrom = performance.now()
    await waitFor('the issuer to say so', async () => {
      const { ready, text } = await readiness(issuer)
      return !ready && text.includes('the database is away')
    })
    const saidAfterMs = Math.round(performance.now() - awayFrom)
    assert.equal((await clients.crowd(0).get('/me/coupons', 'user-0')).status, 503)
    assert.ok((await readiness(api)).ready, 'the API needs no database to take claims')
    // What its key was given for cannot be asked now.
    const keyedFrom = performance.now()
    await clients.crowd(0).create({ couponId: 'keyed', quantity: 1 }, 'a key')
    t.diagnostic(`a coupon was made with a key in ${Math.round(performance.now() - keyedFrom)} ms`)
    await sleep(awayFrom + awaySeconds * 1000 - performance.now())
    const backlog = await catchUp(services, issuer, claiming)

    const calm = clients.asks.filter(({ sentAt }) => sentAt >= calmFrom && sentAt < awayFrom)
    const away = between(clients.asks, awayFrom, backlog.backAt)
    for (const [name, asks] of Object.entries({ calm, away })) {
      t.diagnostic(`${name}: ${tally(asks)}; ${latencies(asks)}`)
    }
    t.diagnostic(`the issuer was not ready after ${saidAfterMs} ms`)
    t.diagnostic(
      `${backlog.records} records; the last ${backlog.left} from the first row on in ` +
        `${backlog.tookMs} ms: ` +
        `${(backlog.perSecond / perSecond).toFixed(1)} × the arrivals`,
    )
    assert.ok(backlog.records > awaySeconds * perSecond * 0.9, `${backlog.records} records`)
    assert.ok(away.length > awaySeconds * perSecond * 0.9, `${away.length} claims`)
    assert.ok(away.every(isDefinite), tally(away))
    assert.ok(latencyMs(away, 0.5) <= 2 * latencyMs(calm, 0.5) + noiseMs, latencies(away))
    assert.ok(latencyMs(away, 0.99) < databaseWaitMs, latencies(away))
    const enoughMs = (backlog.left / (catchUpMin * perSecond)) * 1000 + tryMsMax
    assert.ok(backlog.tookMs <= enoughMs, `${backlog.tookMs} ms for ${backlog.left} records`)
  })

  it('nothing is lost, and everything is at work again', async (t) => {
    await services.rowsCaughtUp()
    const held = await checkRows(services, { couponId, quantity })
    checkLedger(clients.asks, held)
    const { code, output } = await services.audit()
    assert.equal(code, 0, output)
    t.diagnostic(`n = ${held.length} rows, 0 lost`)
    await waitFor('readiness', async () => (await readiness(issuer)).ready)
    const mine = await clients.crowd(0).get('/me/coupons', 'user-0')
    assert.equal(mine.status, 200, mine.text)
  })
})

/** `left`: how many had no row when it was first seen to go on. */
type Backlog = { records: number; left: number; tookMs: number; perSecond: number; backAt: number }

/** From the first row that is written until all that had come before the start has its row. */
async function catchUp(
  services: FaultServices,
  issuer: RoleProcess,
  claiming: { stop(): Promise<void> },
): Promise<Backlog> {
  const sum = (offsets: readonly number[]) => offsets.reduce((total, next) => total + next, 0)
  const [stoodAt, ends] = await Promise.all([positionsOf(issuer), services.ends()])
  await services.postgres.start()
  const backAt = performance.now()
  let reached: readonly number[] = []
  const look = async () => {
    reached = await services.positions()
    return sum(reached)
  }
  await waitFor('the first rows', async () => (await look()) > sum(stoodAt))
  const movedAt = performance.now()
  const left = Math.max(0, sum(ends) - sum(reached))
  await waitFor('the rows', async () => {
    await look()
    return ends.every((end, partition) => (reached[partition] ?? 0) >= end)
  })
  const tookMs = Math.round(performance.now() - movedAt)
  await claiming.stop()
  const pace = left === 0 ? Number.POSITIVE_INFINITY : Math.round((left / tookMs) * 1000)
  return { records: sum(ends) - sum(stoodAt), left, tookMs, perSecond: pace, backAt }
}

/** By partition, as the issuer itself says, which needs no database for it. */
async function positionsOf({ url }: RoleProcess): Promise<number[]> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const found = text.matchAll(/^firstcome_issuer_position\{partition="\d+"\} (\d+)$/gm)
  return [...found].map(([, next]) => Number(next))
}

function between(asks: readonly Ask[], from: number, to: number): Ask[] {
  return asks.filter(({ sentAt }) => sentAt >= from && sentAt < to)
}

function latencies(asks: readonly Ask[]): string {
  const ms = [0.5, 0.99, 1].map((p) => latencyMs(asks, p))
  return `p50 ${ms[0]} ms, p99 ${ms[1]} ms, at most ${ms[2]} ms`
}
