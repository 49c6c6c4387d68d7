// All rows of orders lost on PostgreSQL: the consumers refuse to decide anew what was decided, and
// `firstcome rebuild` restores the rows from Kafka, so that everything goes on and adds up.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type RoleProcess, runRole } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'

const tables = [
  ...['coupons', 'stock', 'payments', 'orders', 'dead_letters'].map(
    (schema) => `${schema}.consumer_positions`,
  ),
  ...['coupons', 'stock', 'payments', 'orders'].map((schema) => `${schema}.orders`),
  ...['stock', 'payments', 'dead_letters'].map((schema) => `${schema}.commands`),
  'coupons.uses',
  'stock.products',
  'payments.balances',
  'payments.charges',
  'dead_letters.letters',
]

describe('rows of orders that PostgreSQL has lost', { timeout: 300_000 }, () => {
  let services: FaultServices
  let api: RoleProcess
  let consumers: RoleProcess
  before(async () => {
    services = await startFaultServices()
    await services.role('issuer')
    api = await services.role('api')
  })
  after(() => services.close())

  /** To its end. */
  function command(role: string, ...args: string[]) {
    return runRole({ role, env: services.env }, args)
  }

  async function rehearse(): Promise<void> {
    const size = ['--users', '60', '--quantity', '20', '--stock', '8']
    const { code, out, err } = await command('rehearse', 'orders', '--url', api.url, ...size)
    assert.equal(code, 0, out + err)
  }

  async function audit(): Promise<string> {
    const { code, out, err } = await command('audit')
    assert.equal(code, 0, out + err)
    return out
  }

  it('are restored from Kafka, and the consumers go on from there', async () => {
    consumers = await services.orders()
    await rehearse()
    const audited = ordersOf(await audit())
    assert.equal(await consumers.stop(), 0)

    await services.sql(`truncate ${tables.join(', ')}`)
    const refused = await command('orders')
    assert.equal(refused.code, 1)
    assert.match(refused.err, /PostgreSQL has no rows of them: run "firstcome rebuild" first/)

    const rebuilt = await command('rebuild')
    assert.equal(rebuilt.code, 0, rebuilt.err)
    assert.match(rebuilt.out, /, \d+ orders restored in /)
    assert.equal(ordersOf(await audit()), audited)

    consumers = await services.orders()
    await rehearse()
    assert.notEqual(ordersOf(await audit()), audited)
  })

  it('are refused where they are of an older dump, and made anew while none of them runs', async () => {
    const busy = await command('rebuild', '--orders')
    assert.equal(busy.code, 2, busy.out)
    assert.match(busy.err, /"firstcome orders" runs \(\S+ is at work\)/)
    assert.equal(await consumers.stop(), 0)

    await services.sql('create schema dump')
    for (const [n, table] of tables.entries()) {
      await services.sql(`create table dump.t${n} as select * from ${table}`)
    }
    consumers = await services.orders()
    await rehearse()
    assert.equal(await consumers.stop(), 0)
    const audited = ordersOf(await audit())
    await services.sql(`truncate ${tables.join(', ')}`)
    for (const [n, table] of tables.entries()) {
      await services.sql(`insert into ${table} select * from dump.t${n}`)
    }

    const refused = await command('orders')
    assert.equal(refused.code, 1)
    assert.match(refused.err, /the rows of orders are older than the log:\n/)
    assert.match(
      refused.err,
      /order-process had read partition \d of firstcome\.orders up to \d+, not/,
    )
    assert.match(refused.err, /"firstcome rebuild --orders"/)

    const rebuilt = await command('rebuild', '--orders')
    assert.equal(rebuilt.code, 0, rebuilt.err)
    assert.equal(ordersOf(await audit()), audited)
    await services.orders()
    await rehearse()
  })
})

/** As `52 orders (30 confirmed, 22 cancelled)`. */
function ordersOf(audited: string): string {
  const [found] = /\d+ orders \(.*?\)/.exec(audited) ?? []
  assert.ok(found !== undefined, audited)
  return found
}
