// Two API nodes, of which one cannot read the log any more although it can write it: it says so,
// and says nothing from memory. Then one is killed under claims. A proxy stands before the broker;
// only the node that is to fail goes through it.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startKafka } from '../../services/kafka.ts'
import { startKafkaProxy } from '../../services/kafka-proxy.ts'
import type { KafkaLayout } from '../../services/kafka-settings.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { users } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, readiness, startFaultServices } from './fault-services.ts'
import { checkLedger, checkRows } from './ledger-checks.ts'
import { NodeClients, tally } from './node-clients.ts'

const fetchKey = 1
const [stalling, healthy] = [0, 1]
const sale = { couponId: 'sale', quantity: 300 }
const gone = { couponId: 'gone', quantity: 1 }

const askingAtOnce = 60

describe('API nodes', { timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-kafka-'))
  let proxy: Awaited<ReturnType<typeof startKafkaProxy>>
  let services: FaultServices
  let apis: RoleProcess[]
  let clients: NodeClients

  before(async () => {
    const proxyPort = await freePort()
    const kafka = await startKafka({ directory, advertisedPorts: [proxyPort] })
    const layout = JSON.parse(readFileSync(join(directory, 'kafka.json'), 'utf8')) as KafkaLayout
    const [ports] = layout.nodes
    assert.ok(ports)
    proxy = await startKafkaProxy(proxyPort, ports.client)
    services = await startFaultServices({ kafka })
    // The brokers' own listener: whoever asks there is told of no proxy.
    const direct = { FIRSTCOME_KAFKA_BROKERS: `127.0.0.1:${ports.internal}` }
    await services.role('issuer', direct)
    apis = await Promise.all([services.role('api'), services.role('api', direct)])
    clients = new NodeClients(apis)
    for (const coupon of [sale, gone]) await clients.crowd(stalling).create(coupon)
  })
  after(async () => {
    await clients?.close()
    await services?.close()
    await proxy?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  function api(node: number): RoleProcess {
    const role = apis[node]
    assert.ok(role)
    return role
  }

  async function recordsInLog(): Promise<number> {
    return (await services.ends()).reduce((sum, end) => sum + end, 0)
  }

  it('answer from memory what the log has settled, without a record', async () => {
    for (const couponId of [sale.couponId, gone.couponId]) {
      assert.equal((await clients.ask(couponId, 'kim', stalling)).status, 201)
    }
    const records = await recordsInLog()
    assert.equal((await clients.ask(sale.couponId, 'kim', stalling)).status, 200)
    assert.equal((await clients.ask(gone.couponId, 'lee', stalling)).outcome, 'sold-out')
    assert.equal(await recordsInLog(), records)
  })

  it('that cannot read the log are not ready, and send every claim to it', async (t) => {
    const hold = proxy.hold(fetchKey)
    const heldAt = performance.now()
    await waitFor('the node to say so', async () => {
      const { ready, text } = await readiness(api(stalling))
      return !ready && text.includes('the log has not been read lately')
    })
    t.diagnostic(`not ready after ${Math.round(performance.now() - heldAt)} ms`)
    assert.ok((await readiness(api(healthy))).ready)
    const records = await recordsInLog()
    // A winner, a loser and newcomers: all of them are told to ask later, and nobody no.
    const newcomers = users('newcomer', 20)
    const asked = [
      clients.ask(sale.couponId, 'kim', stalling),
      clients.ask(gone.couponId, 'park', stalling),
      ...newcomers.map((user) => clients.ask(sale.couponId, user, stalling)),
    ]
    // They are in the log meanwhile, and the node that reads it knows.
    await waitFor('their records', async () => (await recordsInLog()) === records + asked.length)
    for (const user of newcomers) {
      assert.equal((await clients.crowd(healthy).mine(sale.couponId, user)).outcome, 'issued')
    }
    const told = await Promise.all(asked)
    t.diagnostic(`n = ${told.length} claims at the node that cannot read: ${tally(told)}`)
    assert.deepEqual(
      told.map(({ status }) => status),
      told.map(() => 202),
    )
    await hold.release()
    await waitFor('readiness', async () => (await readiness(api(stalling))).ready)
    for (const user of newcomers) {
      const { status } = await clients.ask(sale.couponId, user, stalling)
      assert.equal(status, 200, 'what was pending is issued')
    }
    assert.equal((await clients.ask(gone.couponId, 'park', stalling)).outcome, 'sold-out')
  })

  it('that are killed lose nobody’s coupon', async (t) => {
    const everyone = users('user', 2 * sale.quantity).entries()
    // Some at a time: at half of the sale there are people who ask, and others still to come.
    const askAll = async () => {
      for (const [n, user] of everyone) await clients.askUntilDefinite(sale.couponId, user, n)
    }
    const storm = Promise.all(Array.from({ length: askingAtOnce }, askAll))
    await waitFor('half of the sale', () => clients.slotMax >= sale.quantity / 2)
    await api(healthy).crash()
    await storm
    await services.rowsCaughtUp()
    const held = await checkRows(services, sale)
    assert.equal(held.length, sale.quantity)
    checkLedger(
      clients.asks.filter(({ couponId }) => couponId === sale.couponId),
      held,
    )
    for (const { user, code } of held) {
      assert.equal((await clients.crowd(stalling).mine(sale.couponId, user)).code, code, user)
    }
    const { code, output } = await services.audit()
    assert.equal(code, 0, output)
    const lost = clients.asks.filter(({ status }) => status === 0).length
    t.diagnostic(`n = ${held.length} coupons, 0 lost, ${lost} answers were`)
    assert.ok(lost > 0, 'the kill met people who asked')
  })
})
