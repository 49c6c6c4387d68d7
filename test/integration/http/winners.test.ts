// Look-ups of winners, and the file of them all.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createCouponStoreMemory } from '../../../src/adapters/memory/coupon-store.ts'
import type { CouponReads } from '../../../src/ports/coupons.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { batch, coupon, row, slots, terms } from '../../contracts/coupon-store-samples.ts'
import { startedAt, startTestServer } from './fixture.ts'

type Winner = { slot: number; userId: string; code: string; status: string; validUntil?: string }
type Page = { winners: Winner[]; next?: number }
const codes = ['G2ZJ-9WVN-7CJ9-S', '0000-0000-0001-2', '0000-0000-0002-4']
const users = ['ann', '김 "하나"', '=cmd|1']

/** Three winners of `tea`, one of them by a user that a spreadsheet would run. */
async function threeWinners() {
  const uses = new Map([['tea ann', 'order-1']])
  const store = createCouponStoreMemory({ step: { uses } })
  const validUntil = startedAt + 60_000
  const coupons = ['tea', 'milk'].map((couponId) => {
    return coupon({ couponId, quantity: 5_000, terms: terms({ quantity: 5_000, validUntil }) })
  })
  const issued = ['milk', 'tea'].flatMap((couponId, n) =>
    users.map((userId, at) => {
      const code = codes[n === 0 ? 2 - at : at] ?? ''
      return row({
        couponId,
        slot: at + 1,
        userId,
        code,
        offset: n * 3 + at,
        appendedAt: startedAt,
      })
    }),
  )
  await store.apply(batch({ next: 6, coupons, issued }))
  return store
}

async function startWith(t: Parameters<typeof startTestServer>[0], store: CouponReads | null) {
  const server = await startTestServer(t, { store: () => store })
  const found = { kind: 'found', coupon: coupon({ couponId: 'tea' }) } as const
  const { find } = server.claims
  server.claims.find = async (id) => (id === 'tea' ? found : find.call(server.claims, id))
  return server
}

describe('winners of a coupon', () => {
  test('are listed by slot, in pages, with their state', async (t) => {
    const { call, time } = await startWith(t, await threeWinners())
    const list = async (query: string) => {
      const answer = await call(`GET /coupons/tea/winners${query}`, { as: 'operator' })
      assert.equal(answer.status, 200)
      return answer.body as unknown as Page
    }
    const all = await list('')
    assert.deepEqual(all.winners[0], {
      slot: 1,
      userId: 'ann',
      code: codes[0],
      issuedAt: '2026-05-01T09:00:00.000Z',
      validUntil: '2026-05-01T09:01:00.000Z',
      status: 'used',
      orderId: 'order-1',
    })
    assert.deepEqual(
      all.winners.map(({ status }) => status),
      ['used', 'unused', 'unused'],
    )
    assert.equal(all.next, undefined)
    assert.equal((await list('?limit=2')).next, 2)
    assert.deepEqual(
      (await list('?limit=2&after=2')).winners.map(({ slot }) => slot),
      [3],
    )
    time.now = startedAt + 60_001
    assert.deepEqual(
      (await list('')).winners.map(({ status }) => status),
      ['used', 'expired', 'expired'],
    )
  })

  test('are found by slot, by user and by code, and only who fits all of it', async (t) => {
    const { call } = await startWith(t, await threeWinners())
    const hana = encodeURIComponent(users[1]?.normalize('NFD') ?? '')
    const cases: [query: string, slots: number[]][] = [
      ['slot=2', [2]],
      ['slot=4', []],
      [`userId=${hana}`, [2]],
      ['userId=nobody', []],
      ['code=g2zj9wvn7cj9s', [1]],
      [`code=${encodeURIComponent('OOOO 0000 OOO1 2')}`, [2]],
      ['code=G2ZJ-9WVN-7CJ9-R', []],
      ['code=%20', []],
      ['slot=2&userId=ann', []],
      ['slot=1&userId=ann&code=G2ZJ-9WVN-7CJ9-S', [1]],
      ['userId=ann&after=1', []],
      ['slot=1&code=0000-0000-0001-2', []],
    ]
    for (const [query, found] of cases) {
      const answer = await call(`GET /coupons/tea/winners?${query}`, { as: 'operator' })
      const { winners } = answer.body as unknown as Page
      assert.deepEqual(
        winners.map(({ slot }) => slot),
        found,
        query,
      )
    }
  })

  test('are for operators and viewers, of a coupon that is there', async (t) => {
    const { call } = await startWith(t, await threeWinners())
    for (const path of ['winners', 'winners.csv']) {
      const line = `GET /coupons/tea/${path}`
      assert.equal((await call(line, { as: null })).status, 401)
      assert.equal((await call(line, { as: 'ann' })).status, 403)
      const unknown = await call(`GET /coupons/oat/${path}`, { as: 'operator' })
      assert.deepEqual([unknown.status, unknown.body.type], [404, '/problems/unknown-coupon'])
    }
    const wrong = [
      'slot=0',
      'slot=x',
      'limit=0',
      'limit=1001',
      'after=-1',
      'code=',
      'userId=',
      'x=1',
    ]
    for (const query of wrong) {
      const answer = await call(`GET /coupons/tea/winners?${query}`, { as: 'operator' })
      assert.equal(answer.status, 422, query)
    }
  })
})

describe('the file of all winners', () => {
  test('is one that spreadsheets open, and run nothing of', async (t) => {
    const { call } = await startWith(t, await threeWinners())
    const answer = await call('GET /coupons/tea/winners.csv', { as: 'operator' })
    assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8')
    const disposition = answer.headers.get('content-disposition')
    assert.equal(disposition, 'attachment; filename="tea-winners.csv"')
    const at = '2026-05-01T09:00:00.000Z'
    const until = '2026-05-01T09:01:00.000Z'
    const lines = [
      'slot,userId,code,issuedAt,status,validUntil,orderId',
      `1,ann,${codes[0]},${at},used,${until},order-1`,
      `2,"김 ""하나""",${codes[1]},${at},unused,${until},`,
      `3,"'=cmd|1",${codes[2]},${at},unused,${until},`,
      '',
    ]
    // Reading it as text takes the mark away.
    assert.equal(answer.text.replace(/^\uFEFF/, ''), lines.join('\r\n'))
  })

  test('has every winner, however many pages there are', async (t) => {
    const store = createCouponStoreMemory()
    const issued = slots('tea', { from: 1, to: 3_000, offset: 0 })
    const coupons = [coupon({ couponId: 'tea', quantity: 3_000 })]
    await store.apply(batch({ next: 3_000, coupons, issued }))
    const { call } = await startWith(t, store)
    const { text } = await call('GET /coupons/tea/winners.csv', { as: 'operator' })
    const rows = text.trimEnd().split('\r\n').slice(1)
    assert.deepEqual(
      rows.map((line) => Number(line.split(',')[0])),
      issued.map(({ slot }) => slot),
    )
  })

  test('is 503 where SQL is not there, and breaks off where it goes away meanwhile', async (t) => {
    const away = new PortError('store_unavailable', 'away', { retryable: true })
    const store = await threeWinners()
    const full = slots('tea', { from: 1, to: 1_000, offset: 0 }).map((one) => {
      return { ...one, name: 'Tea', terms: terms() }
    })
    const reads: [CouponReads | null, string][] = [
      [null, 'database_starting'],
      [{ ...store, winners: () => Promise.reject(away) }, 'database_unavailable'],
    ]
    for (const [one, reason] of reads) {
      const { call } = await startWith(t, one)
      const answer = await call('GET /coupons/tea/winners.csv', { as: 'operator' })
      assert.deepEqual([answer.status, answer.body.reason], [503, reason])
    }
    const winners: CouponReads['winners'] = async (_, { after }) => {
      if (after === undefined) return full
      throw away
    }
    const { call } = await startWith(t, { ...store, winners })
    await assert.rejects(call('GET /coupons/tea/winners.csv', { as: 'operator' }))
  })
})
