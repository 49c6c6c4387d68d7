// What every role compares before its first answer or its first record, on real services. What
// happened to Kafka is played in PostgreSQL where nobody can tell the difference: rows that have
// read further than the log goes, or another record than it has.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { parseBroker } from '../../../src/adapters/log-kafka/connection.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { allTopics } from '../../../src/main/roles/topics.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import { runRole } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'

const roles = ['api', 'issuer', 'orders']
const claims = 20
const written = `select count(*) from coupons.issued_coupons`
const further = 'set next_offset = next_offset + 5'
const plants: [string, string, RegExp][] = [
  [
    'Kafka has fewer claims than the rows have read',
    `update coupons.positions ${further} where next_offset > 0`,
    /issuer has read partition \d of firstcome\.claims up to \d+, but .*records are lost/,
  ],
  [
    'Kafka has fewer orders than their rows have read',
    `insert into payments.consumer_positions
      values ('firstcome.orders', 0, 5, 5, 0, 0, 5, 0, 0, 0)`,
    /payment-step has read partition 0 of firstcome\.orders up to 5, but it ends at 0/,
  ],
  [
    'an older log has grown beyond what the rows have read',
    `update coupons.positions set fingerprint = 'of another record' where next_offset > 0`,
    /record \d+ of partition \d of firstcome\.claims is not the one that issuer has read/,
  ],
]

describe('the start of a role', { timeout: 300_000 }, () => {
  let services: FaultServices
  before(async () => {
    services = await startFaultServices()
    const issuer = await services.role('issuer')
    const api = await services.role('api')
    const orders = await services.orders()
    const crowd = new Crowd(api, 16)
    await crowd.create({ couponId: 'sale', quantity: 100 })
    await Promise.all(users('user', claims).map((user) => crowd.claim('sale', user)))
    await crowd.close()
    await waitFor('the rows', async () => Number((await services.sql(written))[0]?.[0]) === claims)
    for (const role of [orders, issuer, api]) assert.equal(await role.stop(), 0)
  })
  after(() => services.close())

  async function isRefused(role: string, said: RegExp, env = services.env): Promise<void> {
    const { code, out, err } = await runRole({ role, env })
    assert.equal(code, 1, `${role}: ${out}${err}`)
    assert.match(err, said)
  }

  for (const [what, plant, said] of plants) {
    it(`is refused where ${what}`, async () => {
      await services.sql(`create schema kept`)
      const tables = ['coupons.positions', 'payments.consumer_positions']
      for (const [n, table] of tables.entries()) {
        await services.sql(`create table kept.t${n} as select * from ${table}`)
      }
      await services.sql(plant)
      for (const role of roles) await isRefused(role, said)
      for (const [n, table] of tables.entries()) {
        await services.sql(`truncate ${table}`)
        await services.sql(`insert into ${table} select * from kept.t${n}`)
      }
      await services.sql('drop schema kept cascade')
    })
  }

  it('is refused with another code secret, also where none was remembered yet', async () => {
    const env = { ...services.env, FIRSTCOME_CODE_SECRET: 'another secret of at least 32 bytes' }
    const said = /derived from another FIRSTCOME_CODE_SECRET/
    for (const role of roles) await isRefused(role, said, env)
    await services.sql('truncate firstcome.fingerprints')
    await isRefused('api', said, env)
    assert.deepEqual(await services.sql('select * from firstcome.fingerprints'), [])
  })

  it('is made ready on an empty database beside the topics, which are taken as they are', async () => {
    const env = { ...services.env, FIRSTCOME_POSTGRES_URL: await services.postgres.newDatabase() }
    const asked = await runRole({ role: 'migrate', env }, ['--partitions', '7'])
    assert.equal(asked.code, 1, asked.out)
    assert.match(asked.err, /firstcome\.claims was created with 4 partitions; 7 were asked for/)
    const { code, out, err } = await runRole({ role: 'migrate', env })
    assert.equal(code, 0, err)
    const taken = /firstcome\.\S+: there before, taken as it is, 4 partitions, 1 replicas/g
    assert.equal(out.match(taken)?.length, allTopics.length, out)
    const again = await runRole({ role: 'migrate', env })
    assert.equal(again.code, 0, again.err)
    assert.match(again.out, /firstcome\.claims: as recorded, 4 partitions, 1 replicas/)
    const { code: audited, out: nothing } = await runRole({ role: 'audit', env })
    assert.equal(audited, 2, nothing)
    assert.match(nothing, /Nothing was compared: the rows have read nothing of this log/)
  })

  it('is refused to whoever would take payments elsewhere than others do', async () => {
    const env = { ...services.env, FIRSTCOME_PAYMENT_URL: 'http://127.0.0.1:1/v1' }
    const wallets = await services.orders('payment-step')
    await isRefused('orders', /take payments by the built-in wallets, this one by the service/, env)
    assert.equal(await wallets.stop(), 0)
  })

  it('goes on where all is as it was', async () => {
    const api = await services.role('api')
    assert.equal(await api.stop(), 0)
  })

  it('is refused where the first records are gone, also to rebuild, which drops nothing', async () => {
    const [found] = await services.sql(
      `select partition, next_offset from coupons.positions where next_offset > 0`,
    )
    const partitions = [{ partition: Number(found?.[0]), offset: 3n }]
    const brokers = (services.env.FIRSTCOME_KAFKA_BROKERS ?? '').split(',').map(parseBroker)
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers })
    await admin.deleteRecords({ topics: [{ name: claimsTopic, partitions }] })
    await admin.close()
    const said =
      /first records of the log are gone:\n {2}partition \d of firstcome\.claims begins at offset 3/
    for (const role of [...roles, 'rebuild']) await isRefused(role, said)
    assert.equal(Number((await services.sql(written))[0]?.[0]), claims)
  })
})
