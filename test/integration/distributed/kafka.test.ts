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
const readinessMsMax = 20_000
const scrapeMsMax = 1_000
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
    await answered(performance.now())
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  /** Who asked before the fault may be told what was decided before it: these are the others. */
  function toldTo(askedFrom: number): Ask[] {
    const askedBefore = new Set<string>()
    for (const { sentAt, user } of clients.asks) if (sentAt < askedFrom) askedBefore.add(user)
    return clients.asks.filter(({ user }) => !askedBefore.has(user))
  }

  /** The first of them who is told anything definite. */
  async function answered(askedFrom: number): Promise<Ask> {
    const found = () => toldTo(askedFrom).find(isDefinite)
    await waitFor('an answer', () => found() !== undefined).catch(rethrown)
    return found() ?? assert.fail()
  }

  /** With what there is to be seen, since nobody can look afterwards. */
  async function rethrown(error: unknown): Promise<never> {
    const lastOf = (text: string) => text.trimEnd().split('\n').slice(-8).join('\n')
    const { text } = await readiness(api)
    const told = tally(clients.asks.slice(-500))
    const outputs = [api.output(), issuer.output(), services.kafka.process.output()].map(lastOf)
    const message = [`the node: ${text}; told last: ${told}`, ...outputs].join('\n\n')
    throw new Error(message, { cause: error })
  }

  it('claims end in 202 or 503 while it stands still, never in a no', async (t) => {
    services.kafka.pause()
    const pausedAt = performance.now()
    await waitFor('the node to say so', async () => !(await readiness(api)).ready)
    const saidAfterMs = Math.round(performance.now() - pausedAt)
    await sleep(pausedAt + pauseSeconds * 1000 - performance.now())
    const told = () => toldTo(pausedAt)
    await waitFor('answers', () => told().length > 0)
    const meanwhile = told()
    const resumedAt = performance.now()
    services.kafka.resume()
    const againMs = Math.round((await answered(pausedAt)).at - resumedAt)
    t.diagnostic(`n = ${meanwhile.length} answers meanwhile: ${tally(meanwhile)}`)
    t.diagnostic(`not ready after ${saidAfterMs} ms; answers ${againMs} ms after it went on`)
    checkNoAnswer(meanwhile)
    assert.ok(againMs <= resumeMsMax, `${againMs} ms`)
    await waitFor('readiness', async () => (await readiness(api)).ready)
  })

  it('answers resume within 2 s of its start after kill −9', async (t) => {
    await services.kafka.crash()
    const killedAt = performance.now()
    await waitFor('the node to say so', async () => !(await readiness(api)).ready)
    const told = () => toldTo(killedAt)
    await waitFor('answers', () => told().length > 0)
    const meanwhile = told()
    await services.kafka.start()
    await waitFor('leaders', isServing)
    const servesAt = performance.now()
    const againMs = Math.round((await answered(killedAt)).at - servesAt)
    t.diagnostic(`n = ${meanwhile.length} answers meanwhile: ${tally(meanwhile)}`)
    t.diagnostic(`away for ${Math.round(servesAt - killedAt)} ms; answers ${againMs} ms after it`)
    checkNoAnswer(meanwhile)
    assert.ok(againMs <= resumeMsMax, `${againMs} ms`)
    await waitFor('readiness', async () => (await readiness(api)).ready)
  })

  /** Whether it answers another client, too. */
  async function isServing(): Promise<boolean> {
    const log = await services.log()
    return await log.bounds(claimsTopic).then(
      () => true,
      () => false,
    )
  }

  it('the sale then ends with everybody told the truth', async (t) => {
    assert.ok(clients.slotMax < quantity, 'the coupons were to last until here')
    await sellTheRest(clients).catch(rethrown)
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

  it('issuers and consumers of orders say so in time, and scrapes do not wait', async (t) => {
    const roles = [issuer, await services.orders()]
    const whenAll = async (ready: boolean) => {
      const since = performance.now()
      for (const role of roles) {
        await waitFor(`readiness ${ready}`, async () => (await readiness(role)).ready === ready)
      }
      return Math.round(performance.now() - since)
    }
    for (const role of roles) {
      await waitFor('partitions', async () => /_lag_records\{/.test(await metricsOf(role)))
    }
    services.kafka.pause()
    const saidAfterMs = await whenAll(false)
    for (const role of roles) assert.match((await readiness(role)).text, /the log does not answer/)
    const tookMs = await Promise.all(roles.flatMap((role) => [scrape(role), scrape(role)]))
    services.kafka.resume()
    const againMs = await whenAll(true)
    t.diagnostic(`not ready after ${saidAfterMs} ms, ready ${againMs} ms after it went on`)
    t.diagnostic(`scrapes took ${tookMs.join(', ')} ms`)
    assert.ok(saidAfterMs <= readinessMsMax && againMs <= readinessMsMax)
    assert.ok(Math.min(...tookMs) <= scrapeMsMax, 'scrapes wait for Kafka')
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

/** How long it took, in milliseconds. */
async function scrape(role: RoleProcess): Promise<number> {
  const since = performance.now()
  const text = await metricsOf(role)
  assert.match(text, /firstcome_log_silent_seconds (?:[89]|\d\d)/)
  assert.match(text, /_lag_records\{/)
  return Math.round(performance.now() - since)
}

async function metricsOf({ url }: RoleProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}
