import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import { json as jsonOf, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { issuedRowsAnswer, projectionAnswer } from '../api/routes/audit.ts'
import { noRevocations } from '../domain/coupons/revocations.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { IssuedRow, ProjectionSnapshot } from '../ports/coupons.ts'
import { ordersAuditOver, projectionOver } from './audit-rows.ts'

const full: Coupon = {
  status: 'open',
  couponId: 'full',
  partition: 3,
  rules: 1,
  terms: {
    name: 'With "quotes" and 한글',
    quantity: 10,
    opensAt: 1_000,
    closesAt: 2_001,
    discount: { kind: 'percent', value: 15, max: 3_000 },
    minimum: 5_000,
    validUntil: 9_001,
    audience: { attribute: '등급', values: ['금', 'silver'] },
  },
  opensAt: 1_000,
  closesAt: 2_001,
  quantity: 15,
  paused: true,
  name: 'With another name',
  commands: new Map<string, number | string>([
    ['op:edit', '{"name":"With another name"}'],
    ['op:first', 5],
    ['made-2', 0],
  ]),
  revocations: noRevocations(),
  lastAct: 3,
  winners: new Map(),
}
const bare: Coupon = {
  ...full,
  couponId: 'bare',
  status: 'closed',
  terms: { name: 'bare', quantity: 1, validDays: 7 },
  closesAt: Number.POSITIVE_INFINITY,
  commands: new Map(),
}
const row = (slot: number): IssuedRow => ({
  couponId: 'full',
  slot,
  userId: `user"${slot}\\`,
  claimId: `claim-${slot}`,
  code: 'CODE',
  partition: 3,
  offset: slot + 6,
  appendedAt: 1_234 + slot,
})

test('a projection survives its JSON', async () => {
  const snapshot: ProjectionSnapshot = {
    positions: new Map([
      [0, { next: 5, published: 4 }],
      [3, { next: 0, published: 0 }],
    ]),
    coupons: [full, bare],
    generations: new Map([
      [0, 'first'],
      [3, 'another'],
    ]),
  }
  const wire = await text(projectionAnswer(snapshot))
  assert.deepEqual(await projectionOver(async () => wire).snapshot(), snapshot)
})

test('a projection leaves winners out', async () => {
  const winner = { slot: 1, claimId: 'claim', offset: 1, appendedAt: 1 }
  const coupon = { ...full, winners: new Map([['ann', winner]]) }
  const wire = await text(projectionAnswer({ positions: new Map(), coupons: [coupon] }))
  assert.doesNotMatch(wire, /ann|winners/)
})

test('issued rows survive their JSON', async () => {
  const rows = [row(1), row(2)]
  const wire = await text(issuedRowsAnswer(rows, 3))
  const read = await projectionOver(async () => wire).issuedRows({ limit: 3 })
  assert.deepEqual(read, rows)
})

test('a full page of rows names the next, another does not', async () => {
  const json = async (stream: Readable) => (await jsonOf(stream)) as { next?: object }
  const next = { afterCouponId: 'full', afterSlot: 2 }
  assert.deepEqual((await json(issuedRowsAnswer([row(1), row(2)], 2))).next, next)
  assert.equal((await json(issuedRowsAnswer([row(1)], 2))).next, undefined)
  assert.deepEqual(await json(issuedRowsAnswer([], 2)), { issued: [] })
})

test('a page of orders is not read where its service gives it in another form', async () => {
  const query = { table: 'balances', limit: 2, after: ['', ''] } as const
  const pageOf = (answer: string) => ordersAuditOver(async () => answer).page(query)
  const rows = '{"userId":"ann"},\n{"userId":"bob"}'
  const found = { rows, about: ['ann', 'bob'] }
  const written = `{"rows":[\n${rows}\n],"about":["ann","bob"]`
  assert.deepEqual(await pageOf(`${written},"next":["bob",""]}`), { ...found, next: ['bob', ''] })
  assert.deepEqual(await pageOf(`${written}}`), found)
  assert.deepEqual(await pageOf('{"rows":[\n\n],"about":[]}'), { rows: '', about: [] })
  for (const other of [`{"rows":[${rows}]}`, '{"rows":[]}', written, '', '\n\n']) {
    await assert.rejects(pageOf(other), /in another form than this version/)
  }
})
