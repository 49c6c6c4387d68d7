// Meets every documented answer of the calls about products, wallets and orders.

import assert from 'node:assert/strict'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import type { OrderApplier } from '../../models/order-applier.ts'
import type { CallInit } from './fixture.ts'

type Call = (line: string, init?: CallInit) => Promise<number>
export type OrderCalls = {
  call: Call
  badBodies: readonly CallInit[]
  applier: OrderApplier
  sql: { up: boolean }
}

const as = 'operator'
const long = 'a'.repeat(2_000)
const tea = { productId: 'tea', name: 'Tea', price: 10, stock: 5 }
const one = { lines: [{ productId: 'tea', quantity: 1 }] }
const keyed = (key: string) => ({ 'idempotency-key': key })

export async function meetOrderCalls(parts: OrderCalls): Promise<void> {
  await placeAndShow(parts)
  await meetRefusals(parts)
  await meetUndecided(parts)
}

async function placeAndShow({ call, applier }: OrderCalls): Promise<void> {
  await call('POST /products', { as, json: tea })
  await call('POST /products', { as, json: tea })
  await call('POST /products', { as, json: { ...tea, price: 11 } })
  for (const add of [1, 2]) {
    await call('POST /products/tea/stock', { as, json: { add }, headers: keyed('k') })
    const topUp = { as, json: { amount: add * 100 }, headers: keyed('k') }
    await call('POST /wallets/ann/top-ups', topUp)
  }
  await call('GET /products/tea')
  await call('GET /wallets/mine')
  await call('GET /wallets/mine?x=1')
  const place = (json: object) => call('POST /orders', { json, headers: keyed('k') })
  while ((await place(one)) === 503);
  await place(one)
  await place({ lines: [{ productId: 'milk', quantity: 1 }] })
  await call('POST /orders', { json: { ...one, couponId: 'no-such' }, headers: keyed('c') })
  await call('POST /orders', {
    json: { lines: [{ productId: 'milk', quantity: 1 }] },
    headers: keyed('cancelled'),
  })
  await call('POST /coupons', { as, json: { couponId: 'for-order', name: 'O', quantity: 1 } })
  await call('POST /coupons/for-order/claims')
  await call('POST /orders', { json: { ...one, couponId: 'for-order' }, headers: keyed('w') })
  for (const orderId of applier.tables.orders.keys()) {
    assert.equal(await call(`GET /orders/${orderId}`), 200)
    assert.equal(await call(`GET /orders/${orderId}`, { as: 'bob' }), 404)
  }
  assert.equal(applier.tables.orders.size, 3)
  for (const [orderId, { status }] of applier.tables.orders) {
    const path = `POST /orders/${orderId}/return`
    const isConfirmed = status === 'confirmed'
    assert.equal(await call(path, { headers: keyed('r') }), isConfirmed ? 200 : 409)
    assert.equal(await call(path, { headers: keyed('other'), json: { reason: 'x' } }), 409)
    assert.equal(await call(path, { as: 'bob', headers: keyed('r') }), 404)
    await call(`GET /orders/${orderId}`)
  }
}

async function meetRefusals({ call, badBodies }: OrderCalls): Promise<void> {
  const lines = ['POST /products', 'POST /products/tea/stock', 'POST /wallets/ann/top-ups']
  const json = { x: 'x'.repeat(20_000) }
  for (const line of [...lines, 'POST /orders', 'POST /orders/none/return']) {
    for (const who of [null, 'ann', as]) {
      for (const bad of [...badBodies, { json }, { json: { x: 1 } }]) {
        await call(line, { as: who, headers: keyed('k'), ...bad })
      }
    }
  }
  await call('POST /products/milk/stock', { as, json: { add: 1 } })
  await call(`POST /products/${long}/stock`, { as, json: { add: 1 } })
  await call(`POST /wallets/${long}/top-ups`, { as, json: { amount: 1 }, headers: keyed('k') })
  for (const id of ['milk', 'Milk!', long]) {
    await call(`GET /products/${id}`)
    await call(`GET /orders/${id}`)
    await call(`POST /orders/${id}/return`, { headers: keyed('k') })
    await call(`GET /orders/${id}`, { as: null })
  }
  await call('GET /wallets/mine', { as: null })
}

/** Not in time, and not at all. */
async function meetUndecided({ call, applier, sql }: OrderCalls): Promise<void> {
  await call('POST /orders', { json: one, headers: keyed('bought') })
  const bought = idOfKey('ann', 'bought')
  const calls: [line: string, init: CallInit][] = [
    ['POST /products', { as, json: { ...tea, productId: 'oat' } }],
    ['POST /products/tea/stock', { as, json: { add: 1 } }],
    ['POST /wallets/ann/top-ups', { as, json: { amount: 1 }, headers: keyed('late') }],
    ['POST /orders', { json: one, headers: keyed('late') }],
    [`POST /orders/${bought}/return`, { headers: keyed('late') }],
  ]
  applier.hold()
  for (const [line, init] of calls) assert.equal(await call(line, init), 202, line)
  applier.release()
  sql.up = false
  for (const [line, init] of calls) assert.equal(await call(line, init), 503, line)
  sql.up = true
}
