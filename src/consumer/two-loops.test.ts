// A consumer has two loops, and what it keeps in memory of its rows is that of both.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createOrdersSystem, type OrdersSystem } from '../../test/models/orders-consumers.ts'
import type { DeadLetter } from '../domain/orders/dead-letter.ts'
import { redriveEntry } from '../domain/orders/dead-letter-records.ts'
import { type OrdersRecord, orderStepsTopic, ordersTopic } from '../domain/orders/messages.ts'
import { entryOf } from '../domain/orders/records.ts'
import { retryDelaysMs, retryTopics } from '../domain/orders/retries.ts'
import { createWallet } from '../orders/wallet.ts'
import { sleep } from '../ports/clock.ts'

const orderId = 'late'
const due: OrdersRecord = {
  type: 'order.payment_due',
  orderId,
  userId: 'ann',
  subtotal: 100,
  discount: 0,
  total: 100,
}
const cancelled: OrdersRecord = { type: 'order.cancelled', orderId, reason: 'timed_out' }
const [retryMs = 0] = retryDelaysMs

/** As if an operator tried it again. */
async function redrive(system: OrdersSystem, message: OrdersRecord): Promise<void> {
  const { key, value, headers } = entryOf(message)
  const origin = { topic: ordersTopic, partition: 0, offset: 0, appendedAt: 0 }
  const letter = { consumer: 'payment-step', origin, reason: 'killed', key, headers }
  const { topic, entry } = redriveEntry(
    { ...letter, value: value.toString('base64') } as DeadLetter,
    1,
  )
  await system.log.append(topic, [entry])
}

describe('a record that is tried again, beside what its consumer does besides', () => {
  test('is what counts where it is stored later, though that says its answer longer', async () => {
    const system = createOrdersSystem()
    const { append } = system.log
    system.log.append = async (topic, entries) => {
      const places = await append(topic, entries)
      if (topic === orderStepsTopic) await sleep(system.clock, 2 * retryMs)
      return places
    }
    const topUp = { type: 'wallet.topped_up', userId: 'ann', amount: 500 } as const
    await system.append({ ...topUp, by: 'op', commandId: 'top' })
    const process = await system.run({ names: ['payment-step'] })
    await system.append(due)
    await redrive(system, cancelled)
    await system.pass(20 * retryMs)
    const { rows, balances } = system.stores.payment.tables
    assert.equal(rows.get(orderId)?.status, 'refunded')
    assert.equal(balances.get('ann'), 500)
    await process.close()
    assert.deepEqual(system.errors, [])
  })

  test('is not known already where what failed is stored later than it is due', async () => {
    const system = createOrdersSystem()
    const { append } = system.log
    system.log.append = async (topic, entries) => {
      const places = await append(topic, entries)
      if (topic === retryTopics[0]) await sleep(system.clock, 2 * retryMs)
      return places
    }
    let asked = 0
    const wallet = createWallet(system.stores.wallet)
    const process = await system.run({
      names: ['payment-step'],
      payments: {
        ...wallet,
        async ask(questions, withinMs) {
          asked += 1
          if (asked > 1) return wallet.ask(questions, withinMs)
          return questions.map(() => ({ kind: 'failed', reason: 'away' }))
        },
      },
    })
    await system.append(due)
    await system.pass(20 * retryMs)
    assert.equal(system.stores.payment.tables.rows.get(orderId)?.status, 'refused')
    await process.close()
    assert.deepEqual(system.errors, [])
  })
})
