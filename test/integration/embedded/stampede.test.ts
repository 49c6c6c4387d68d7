// The promise itself, over real HTTP on a real process: exactly N, one each, everyone answered.
// ROUNDS sets how many rounds (200 unless given).

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Crowd, countOutcomes, type Told, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'

const rounds = Number(process.env.ROUNDS ?? 200)

describe('a stampede', () => {
  let service: ServiceProcess
  let crowd: Crowd
  let data: string
  before(async () => {
    data = await newDataDirectory()
    service = await startService({ data })
    crowd = new Crowd(service, 1000)
  })
  after(async () => {
    await crowd.close()
    assert.equal(await service.stop(), 0, service.output())
    await removeDataDirectory(data)
  })

  async function round(couponId: string, size: { users: number; quantity: number }): Promise<void> {
    await crowd.create({ couponId, quantity: size.quantity })
    const everyone = users(couponId, size.users)
    const answers = await Promise.all(everyone.map((user) => crowd.claim(couponId, user)))
    assert.deepEqual(countOutcomes(answers), {
      issued: size.quantity,
      'sold-out': size.users - size.quantity,
    })
    checkSlots(answers, size.quantity)
  }

  it('of 1,000 users on 100 coupons ends with 100 issued, 900 sold out and none unknown', async (t) => {
    await round('exactly-100', { users: 1000, quantity: 100 })
    t.diagnostic('n = 1 round of 1,000 users')
  })

  it(`ends so again and again, ${rounds} rounds`, { timeout: 600_000 }, async (t) => {
    for (let n = 0; n < rounds; n++) await round(`round-${n}`, { users: 120, quantity: 12 })
    t.diagnostic(`n = ${rounds} rounds of 120 users on 12 coupons, 0 failures`)
  })

  it('gives each of 300 users who ask 3 times at once one coupon', async () => {
    const couponId = 'three-times'
    await crowd.create({ couponId, quantity: 1000 })
    const everyone = users(couponId, 300)
    const asks = everyone.flatMap((user) => [user, user, user])
    const answers = await Promise.all(asks.map((user) => crowd.claim(couponId, user)))
    assert.deepEqual(countOutcomes(answers), { issued: 900 })
    for (let n = 0; n < answers.length; n += 3) {
      const own = answers.slice(n, n + 3)
      assert.equal(new Set(own.map(({ slot }) => slot)).size, 1)
      assert.equal(new Set(own.map(({ code }) => code)).size, 1)
      assert.deepEqual(own.map(({ status }) => status).toSorted(), [200, 200, 201])
    }
    checkSlots(
      answers.filter(({ status }) => status === 201),
      300,
    )
    const { text } = await crowd.get(`/coupons/${couponId}`)
    assert.equal((JSON.parse(text) as { issued: number }).issued, 300)
  })

  it('serves whoever was answered first by an earlier record', async () => {
    const couponId = 'order'
    await crowd.create({ couponId, quantity: 1000 })
    let last = -1
    for (const user of users(couponId, 200)) {
      const told = await crowd.claim(couponId, user)
      assert.equal(told.outcome, 'issued')
      assert.ok((told.offset ?? -1) > last, 'I8')
      last = told.offset ?? -1
    }
  })
})

/** Slots 1 … n without a hole, in the order of the log. */
function checkSlots(answers: readonly Told[], issued: number): void {
  const winners = answers.filter(({ outcome }) => outcome === 'issued')
  const byOffset = winners.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
  assert.deepEqual(
    byOffset.map(({ slot }) => slot),
    Array.from({ length: issued }, (_, n) => n + 1),
  )
}
