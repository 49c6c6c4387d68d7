// The one broker stands still for 6 s, and is then killed and started again, while people claim
// through an API node. Nobody is told no who is in the log, and nobody's yes is lost. More people
// come than there are coupons, but the last ones are won only after both outages.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
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
  type Steady,
  sleep,
  tally,
} from './node-clients.ts'

/** A claim is answered 'pending' after 5 s; one second more, so that many are. */
const pauseSeconds = 6
const resumeMsMax = 2_000
/** What was on its way when the fault came may still be answered. */
const onTheWayMs = 250
const perSecond = 100
const couponId = 'outages'
/** More than arrive until both outages are over, at the pace of a slow machine. */
const quantity = 4_000

describe('while Kafka is away', { timeout: 300_000 }, () => {
  let services: FaultServices
  let clients: NodeClients
  let api: RoleProcess
  let issuer: RoleProcess
  let claiming: Steady

  before(async () => {
    services = await startFaultServices()
    issuer = await services.role('issuer')
    api = await services.role('api')
    clients = new NodeClients([api], 1_000)
    await clients.crowd(0).create({ couponId, quantity })
    claiming = claimSteadily(clients, { perSecond, couponIds: [couponId], name: 'user' })
    await answeredAfter(Date.now())
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  /** The first who is told anything definite after this moment. */
  async function answeredAfter(moment: number): Promise<Ask> {
    const found = () => clients.asks.find((ask) => ask.at > moment && isDefinite(ask))
    await waitFor('an answer', () => found() !== undefined)
    const ask = found()
    assert.ok(ask)
    return ask
  }

  /** Asks that were answered while the broker certainly did nothing. */
  function answeredWithin(from: number, to: number): Ask[] {
    return clients.asks.filter(({ at }) => at >= from + onTheWayMs && at < to)
  }

  it('claims end in 202 or 503 while it stands still, never in a no', async (t) => {
    services.kafka.pause()
    const pausedAt = Date.now()
    await waitFor('the node to say so', async () => !(await readiness(api)).ready)
    const saidAfterMs = Date.now() - pausedAt
    await sleep(pausedAt + pauseSeconds * 1000 - Date.now())
    const resumedAt = Date.now()
    services.kafka.resume()
    const { at } = await answeredAfter(resumedAt)
    const told = answeredWithin(pausedAt, resumedAt)
    t.diagnostic(`n = ${told.length} answers meanwhile: ${tally(told)}`)
    t.diagnostic(`not ready after ${saidAfterMs} ms; answers ${at - resumedAt} ms after it went on`)
    checkNoAnswer(told)
    assert.ok(told.length > 0)
    assert.ok(at - resumedAt <= resumeMsMax, `${at - resumedAt} ms`)
    await waitFor('readiness', async () => (await readiness(api)).ready)
  })

  it('answers resume within 2 s of its start after kill −9', async (t) => {
    await services.kafka.crash()
    const killedAt = Date.now()
    await waitFor('the node to say so', async () => !(await readiness(api)).ready)
    await services.kafka.start()
    const servesAt = Date.now()
    const { at } = await answeredAfter(killedAt + onTheWayMs)
    const told = answeredWithin(killedAt, Math.min(at, servesAt))
    t.diagnostic(`n = ${told.length} answers meanwhile: ${tally(told)}`)
    t.diagnostic(`answers ${at - servesAt} ms after it served; away for ${servesAt - killedAt} ms`)
    checkNoAnswer(told)
    assert.ok(told.length > 0)
    assert.ok(at - servesAt <= resumeMsMax, `${at - servesAt} ms`)
    await waitFor('readiness', async () => (await readiness(api)).ready)
  })

  it('the sale then ends with everybody told the truth', async (t) => {
    assert.ok(clients.slotMax < quantity, 'the coupons were to last until here')
    await sellTheRest(clients)
    await claiming.stop()
    await services.rowsCaughtUp()
    const held = await checkRows(services, { couponId, quantity })
    checkLedger(clients.asks, held)
    const yes = clients.asks.filter(({ outcome }) => outcome === 'issued')
    const no = clients.asks.filter(({ outcome }) => outcome === 'sold-out')
    assert.ok(no.length > 0)
    const records = new Set<string>()
    for (const { value, partition, offset } of await services.records(claimsTopic)) {
      const { claimId = '' } = JSON.parse(value.toString()) as { claimId?: string }
      records.add(`${claimId} ${partition}/${offset}`)
    }
    const [partition] = (await services.sql('select partition from coupons.coupons'))[0] ?? []
    for (const { claimId, offset, user } of yes) {
      assert.ok(records.has(`${claimId} ${partition}/${offset}`), `${user}: ${offset} is lost`)
    }
    const { code, output } = await services.audit()
    assert.equal(code, 0, output)
    t.diagnostic(`n = ${yes.length} acknowledged, 0 lost; n = ${no.length} refused, 0 in the log`)
    t.diagnostic(
      `whoever was told yes or no waited ${latencyMs(yes, 1)} ms at most for that answer`,
    )
    for (const role of [api, issuer]) assert.ok((await readiness(role)).ready)
  })
})

function checkNoAnswer(told: readonly Ask[]): void {
  const others = told.filter(({ status }) => status !== 202 && status !== 503)
  assert.deepEqual(
    others.map(({ user, outcome, status }) => ({ user, outcome, status })),
    [],
  )
}

/** And some more people, who get none. */
async function sellTheRest(clients: NodeClients): Promise<void> {
  const left = quantity - clients.slotMax
  const late = Array.from({ length: left + 200 }, (_, n) => `late-${n}`)
  await Promise.all(late.map((user) => clients.askUntilDefinite(couponId, user)))
}
