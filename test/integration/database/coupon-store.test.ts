// The coupon store on a PostgreSQL server, with several owners of one partition, each in a process
// of its own as far as the server can see, and with answers that are lost on the way.

import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { type PostgresDatabase, startPostgres } from '../../../src/adapters/database/postgres.ts'
import type { PostgresLimits } from '../../../src/adapters/database/postgres-connection.ts'
import { createCouponStoreSql } from '../../../src/adapters/stores/coupon-store.ts'
import type { CouponStore } from '../../../src/ports/coupons.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { batch, coupon, row, slots } from '../../contracts/coupon-store-samples.ts'
import { postgresForTests } from '../../services/postgres.ts'

const postgres = await postgresForTests()
after(postgres.close)
const racesCount = 50

describe('A coupon store on PostgreSQL', { skip: postgres.skip }, () => {
  const opened: { close(): Promise<void> }[] = []
  let url: string
  let owner: PostgresDatabase

  before(async () => {
    url = await postgres.newDatabase()
    owner = startPostgres({ url, clock: systemClock() })
    await migrate(owner)
  })
  beforeEach(() => {
    return owner.script(
      'truncate coupons.coupons, coupons.issued_coupons, coupons.positions, coupons.revocations',
    )
  })
  afterEach(async () => {
    for (const part of opened.splice(0)) await part.close()
  })
  after(() => owner.close())

  function openStore(limits: Partial<PostgresLimits> = {}, at = url): CouponStore {
    const database = startPostgres({ url: at, clock: systemClock(), limits })
    opened.unshift(database)
    return createCouponStoreSql({ database })
  }

  it('applies one of the batches with which two owners go on from the same place', async () => {
    const stores = [openStore(), openStore(), openStore()]
    const quantity = 3 * racesCount
    await stores[0]?.apply(batch({ next: 1, coupons: [coupon({ quantity })] }))
    for (let race = 0; race < racesCount; race++) {
      const place = { expected: 1 + 3 * race, next: 4 + 3 * race }
      const issued = slots('spring', range(1 + 3 * race, 3 + 3 * race))
      const results = await Promise.all(
        stores.map((store) => store.apply(batch({ ...place, issued }))),
      )
      assert.deepEqual(results.sort(), ['applied', 'fenced', 'fenced'], `race ${race}`)
    }
    const rows = await stores[0]?.issuedRows({ limit: quantity + 1 })
    assert.deepEqual(rows, slots('spring', { from: 1, to: quantity, offset: 1 }))
  })

  it('stops all but one of those who write the same rows, and none for a deadlock', async () => {
    const stores = [openStore(), openStore()]
    await stores[0]?.apply(batch({ partition: 9, coupons: [coupon({ quantity: 3_000 })] }))
    for (let race = 0; race < racesCount; race++) {
      const same = slots('spring', range(1 + 40 * race, 40 + 40 * race))
      const writing = stores.map((store, partition) => {
        const issued = same.map((issue) => ({ ...issue, partition }))
        const place = { partition, expected: 40 * race, next: 40 * race + 40 }
        return store.apply(batch({ ...place, issued }))
      })
      const results = await Promise.allSettled(writing)
      const failures = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason] : [],
      )
      assert.equal(failures.length, 1, `race ${race}`)
      assert.match(String(failures[0]), /constraint one_per_slot fired/)
      assert.equal(failures[0].code, 'store_broken')
      // The loser's position goes on, so that it races on: a batch without rows.
      const lost = results.findIndex((result) => result.status === 'rejected')
      const skipped = { partition: lost, expected: 40 * race, next: 40 * race + 40 }
      assert.equal(await stores[lost]?.apply(batch(skipped)), 'applied')
    }
  })

  it('lets the second line refuse what got past the first: one per user, one per slot', async () => {
    const store = openStore()
    await store.apply(batch({ next: 1, coupons: [coupon()], issued: [row({ slot: 1 })] }))
    for (const [constraint, wrong] of [
      ['one_per_slot', row({ slot: 1, userId: 'other', partition: 1 })],
      ['one_per_user', row({ slot: 2, userId: 'user-1', partition: 1 })],
    ] as const) {
      const applied = store.apply(batch({ partition: 1, next: 1, issued: [wrong] }))
      await assert.rejects(applied, new RegExp(`constraint ${constraint} fired`))
    }
    assert.deepEqual([...(await store.positions()).keys()], [0])
  })

  it('writes a batch once though the answer to its commit was lost', async () => {
    const road = await startRoad(url)
    const store = openStore({ statementMsMax: 1_000 }, road.url)
    opened.push(road)
    await store.apply(batch({ next: 1, coupons: [coupon({ quantity: 9 })] }))
    const whole = batch({ expected: 1, next: 4, issued: slots('spring', range(1, 3)) })
    road.loseAnswersTo('commit')
    await assert.rejects(store.apply(whole), unavailable('has not answered within'))
    road.loseAnswersTo(null)
    assert.equal(await store.apply(whole), 'fenced')
    assert.deepEqual(await store.issuedRows({ limit: 9 }), whole.issued)
    const next = batch({ expected: 4, next: 5, issued: slots('spring', range(4, 4)) })
    assert.equal(await store.apply(next), 'applied')
  })

  it('writes nothing of a batch whose commit was lost on its way', async () => {
    const road = await startRoad(url)
    const store = openStore({ statementMsMax: 1_000 }, road.url)
    opened.push(road)
    await store.apply(batch({ next: 1, coupons: [coupon({ quantity: 9 })] }))
    const whole = batch({ expected: 1, next: 4, issued: slots('spring', range(1, 3)) })
    road.cutAt('commit')
    await assert.rejects(store.apply(whole), unavailable('PostgreSQL at'))
    assert.deepEqual(await store.issuedRows({ limit: 9 }), [])
    assert.equal(await store.apply(whole), 'applied')
  })
})

function range(from: number, to: number) {
  return { from, to, offset: from }
}

/** What lies between a client and the server, where an answer or a question may get lost. */
async function startRoad(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let losing: string | null = null
  let cutting: string | null = null
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let isLost = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (losing !== null && data.includes(losing)) isLost = true
      if (cutting !== null && data.includes(cutting)) {
        cutting = null
        client.destroy()
        upstream.destroy()
      } else upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isLost) client.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  const own = new URL(url)
  own.host = `127.0.0.1:${address.port}`
  return {
    url: own.href,
    loseAnswersTo(text: string | null): void {
      losing = text
    },
    /** The next time this is asked, it does not arrive, and the connection ends. */
    cutAt(text: string): void {
      cutting = text
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function unavailable(message: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.deepEqual([error.code, error.retryable], ['store_unavailable', true])
    assert(error.message.includes(message), error.message)
    return true
  }
}
