import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queryable } from '../../adapters/database/database.ts'
import { settlePaymentSetting } from './payment-setting.ts'

function startProcesses() {
  let kept: string | null = null
  const database: Queryable = {
    async query({ name }, values = []) {
      if (name === 'record-fingerprint') kept ??= String(values[1])
      if (name === 'replace-fingerprint') kept = String(values[1])
      return { rows: name === 'read-fingerprint' && kept !== null ? [[kept]] : [], count: 0 }
    },
  }
  return (url: string | undefined, others: number) => {
    return settlePaymentSetting({ database, url, members: async () => others })
  }
}

test('whoever takes payments elsewhere than others do is refused, until they are gone', async () => {
  const start = startProcesses()
  const first = await start(undefined, 0)
  await first()
  await (await start(undefined, 1))()
  await assert.rejects(
    start('http://pay/v1', 2),
    /by the built-in wallets, this one by the service/,
  )
  const switched = await start('http://pay/v1', 0)
  await switched()
  await assert.rejects(start('http://pay/v2', 1), /by a service at another URL/)
  await assert.rejects(start(undefined, 1), /give all of them the same FIRSTCOME_PAYMENT_URL/)
})

test('of two that start at one moment, only one goes on', async () => {
  const start = startProcesses()
  const one = await start(undefined, 0)
  const other = await start('http://pay/v1', 0)
  await assert.rejects(one(), /a service at another URL, this one by the built-in wallets/)
  await other()
})
