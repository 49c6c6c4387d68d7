// A service that is killed while a rehearsal of its console goes on: the coupon of it is in no list
// and cannot be spent, and the next start takes it away.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { runCli } from '../processes/cli-process.ts'
import { NodeConnection } from '../processes/node-connection.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  startService,
  untilReady,
} from '../processes/service-process.ts'

const couponId = 'rehearsal-console-left'

test('what a killed rehearsal has left is taken away by the next start', async (t) => {
  const data = await newDataDirectory()
  t.after(() => removeDataDirectory(data))
  const killed = await startService({ data })
  t.after(() => killed.kill('SIGKILL'))
  await untilReady(killed)
  const node = new NodeConnection(killed, 4)
  t.after(() => node.close())
  const json = { couponId, name: 'Rehearsal', quantity: 5, rehearsal: true }
  assert.equal((await node.call('POST /coupons', { json })).status, 201)
  const claimed = await node.call(`POST /coupons/${couponId}/claims`, { as: 'ann' })
  assert.equal(claimed.status, 201, claimed.text)
  assert.deepEqual(JSON.parse((await node.call('GET /coupons')).text), { coupons: [] })
  const order = { lines: [{ productId: 'tea', quantity: 1 }], couponId }
  // What orders need may still be starting.
  const isTold = (status: number, call: Parameters<typeof node.call>) => async () => {
    const answer = await node.call(...call)
    assert.ok([status, 503].includes(answer.status), answer.text)
    return answer.status === status
  }
  const placing = isTold(422, ['POST /orders', { as: 'ann', key: 'o', json: order }])
  await waitFor('the order to be refused', placing)
  const spent = { couponId, userId: 'ann', reference: 'r', subtotal: 1 }
  const redeeming = isTold(404, ['POST /redemptions', { key: 'r', json: spent }])
  await waitFor('the redemption to be refused', redeeming)
  const rowsOf = async () => {
    const { text } = await node.call(`GET /issued-coupons?couponId=${couponId}`)
    return (JSON.parse(text) as { issued: object[] }).issued.length
  }
  await waitFor('the row', async () => (await rowsOf()) === 1)
  await killed.crash()

  const service = await startService({ data })
  t.after(() => service.stop())
  await untilReady(service)
  await node.moveTo(service)
  await waitFor('the row to go', async () => (await rowsOf()) === 0)
  const { text } = await node.call(`GET /coupons/${couponId}`)
  assert.partialDeepStrictEqual(JSON.parse(text), { status: 'closed', issued: 1 })
  const { text: projection } = await node.call('GET /projection')
  assert.deepEqual((JSON.parse(projection) as { coupons: object[] }).coupons, [])
  const { exitCode, out } = await runCli(['audit', '--data', data])
  assert.equal(exitCode, 0, out)
})
