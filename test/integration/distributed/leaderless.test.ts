// One of three brokers is away, and what it alone has: coupons of its partitions wait for it, all
// others are answered, by nodes that run and by nodes that start.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import { type Kafka, startKafka } from '../../services/kafka.ts'
import { waitFor } from '../../services/server-process.ts'
import { leadersOf } from '../kafka/log-parts.ts'
import { Crowd } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, partitions, readiness, startFaultServices } from './fault-services.ts'

/** What is answered in the time of a try at the leader that is away has waited for it. */
const healthyMsMax = 1_400

describe('a partition without a leader', { timeout: 180_000 }, () => {
  let kafka: Kafka
  let services: FaultServices
  let crowd: Crowd
  let api: RoleProcess
  const coupons = { away: '', there: '' }

  before(async () => {
    kafka = await startKafka({ brokers: 3 })
    services = await startFaultServices({ kafka })
    api = await services.role('api')
    crowd = new Crowd(api)
    const leaders = await leadersOf({ topic: claimsTopic, brokers: kafka.brokers.split(',') })
    const gone = leaders[0] ?? 0
    const couponLedBy = (isGone: boolean) => {
      const ids = Array.from({ length: 100 }, (_, n) => `sale-${n}`)
      return ids.find((id) => (leaders[partitionFor(id, partitions)] === gone) === isGone) ?? ''
    }
    Object.assign(coupons, { away: couponLedBy(true), there: couponLedBy(false) })
    for (const couponId of Object.values(coupons)) {
      await crowd.create({ couponId, quantity: 10 })
      assert.equal((await crowd.claim(couponId, 'kim')).outcome, 'issued')
    }
    await kafka.nodes[gone - 1]?.crash()
  })
  after(async () => {
    await crowd?.close()
    await services?.close()
  })

  it('leaves a node ready, which answers about the others as fast as ever', async () => {
    const lost = crowd.claim(coupons.away, 'lee')
    const begunAt = performance.now()
    for (const user of ['lee', 'park', 'choi']) {
      assert.equal((await crowd.claim(coupons.there, user)).outcome, 'issued')
    }
    const tookMs = performance.now() - begunAt
    assert.ok(tookMs < healthyMsMax, `${tookMs} ms`)
    assert.ok([202, 503].includes((await lost).status))
    await waitFor('what does not work', async () => {
      const { ready, text } = await readiness(api)
      assert.ok(ready, text)
      return text.includes(`of ${claimsTopic} has not been read lately`)
    })
  })

  it('hinders no start of a node, which says no to nobody about its coupons', async (t) => {
    const second = await services.role('api')
    const others = new Crowd(second)
    t.after(() => others.close())
    assert.equal((await others.claim(coupons.there, 'kim')).outcome, 'issued')
    assert.equal((await others.claim(coupons.there, 'jung')).outcome, 'issued')
    for (const path of ['', '/claims/mine']) {
      const { status, text } = await others.get(`/coupons/${coupons.away}${path}`, 'kim')
      assert.equal(status, 503, text)
    }
    assert.equal((await others.claim(coupons.away, 'kim')).status, 503)
  })

  it('hinders no start of an issuer, which writes the rows of all others', async () => {
    await services.role('issuer')
    const table = 'coupons.issued_coupons'
    const query = `select count(*) from ${table} where coupon_id = '${coupons.there}'`
    await waitFor('rows', async () => Number((await services.sql(query))[0]?.[0]) === 5)
  })

  it('hinders no start of the consumers of orders', async () => {
    const orders = await services.orders()
    assert.match(orders.output(), /starting without partitions that have no leader/)
  })
})
