import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cancelled, due, startStep } from '../../test/models/payment-step.ts'
import type { PaymentStepMessage } from './payment-step.ts'

const start = () => startStep({ capturesItself: true })

function topUp(commandId: string, amount: number): PaymentStepMessage {
  return { type: 'wallet.topped_up', userId: 'ann', amount, by: 'op', commandId }
}

describe('a payment step with wallets of its own', () => {
  test('captures with the record that asks, and nobody is asked', async () => {
    const { take, asked, tables, store } = start()
    const said = await take(due('a'), due('c', 700))
    assert.deepEqual(said, ['payment.captured a', 'payment.captured c'])
    assert.deepEqual(asked, [])
    assert.equal(tables.balances.get('ann'), 0)
    const kept = [...tables.charges].map(([orderId, { userId, charge }]) => {
      return [orderId, userId, charge.status]
    })
    assert.deepEqual(kept, [
      ['a', 'ann', 'captured'],
      ['c', 'ann', 'captured'],
    ])
    assert.deepEqual(await store.openRows({ after: '', limit: 9 }), [], 'its record says it again')
  })

  test('asks about who has too little, of whom only the wallet knows all', async () => {
    const { take, asked, tables } = start()
    const said = await take(due('b', 1_001), due('a'), due('d', 9_999, 'bob'))
    assert.deepEqual(said, ['payment.captured a', 'payment.refused b', 'payment.refused d'])
    const calls = asked.map(({ questions }) => questions.map(({ payment }) => payment.orderId))
    assert.deepEqual(calls, [['b', 'd']])
    assert.equal(tables.charges.get('b')?.charge.status, 'refused')
  })

  test('says the same again to a record that comes again, and captures once', async () => {
    const { take, tables } = start()
    assert.deepEqual(await take(due('a'), due('a')), ['payment.captured a', 'payment.captured a'])
    assert.deepEqual(await take(due('a')), ['payment.captured a'])
    assert.equal(tables.balances.get('ann'), 700)
  })

  test('captures from what the same batch has topped up', async () => {
    const { take, tables } = start()
    assert.deepEqual(await take(due('a', 1_500), topUp('op:1', 600)), ['payment.captured a'])
    assert.equal(tables.balances.get('ann'), 100)
  })

  test('leaves to wait what money that may come back would pay', async () => {
    const { take, asked, tables } = start()
    assert.deepEqual(await take(due('a', 800), due('b', 900)), ['payment.captured a'])
    assert.equal(tables.rows.get('b')?.status, 'asked')
    assert.deepEqual(await take(cancelled('a')), ['payment.refunded a', 'payment.captured b'])
    assert.ok(asked.length > 0)
    assert.equal(tables.balances.get('ann'), 100)
  })

  test('gives back what it has captured, and never captures what was undone', async () => {
    const { take, tables } = start()
    await take(due('a'))
    assert.deepEqual(await take(cancelled('a')), ['payment.refunded a'])
    assert.deepEqual(await take(due('a')), ['payment.captured a'])
    assert.deepEqual(await take(cancelled('b'), due('b')), [])
    assert.equal(tables.balances.get('ann'), 1_000)
  })

  test('goes on with what an earlier version has asked', async () => {
    const { take, tables, asked } = start()
    const payment = { orderId: 'a', userId: 'ann', amount: 300 }
    tables.rows.set('a', { status: 'asked', ...payment })
    assert.deepEqual(await take(due('a')), ['payment.captured a'])
    assert.equal(asked.length, 1)
    assert.equal(tables.balances.get('ann'), 700)
  })
})
