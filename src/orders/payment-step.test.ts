import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cancelled, due, startStep } from '../../test/models/payment-step.ts'
import { drive, saidIn, startTask } from '../../test/models/work-driver.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
  type PaymentTables,
} from '../adapters/memory/payment-stores.ts'
import { balanceMax, topUpAmountMax } from '../domain/orders/messages.ts'
import { crashingPayments } from '../main/roles/crash-points.ts'
import type { Payments } from '../ports/payments.ts'
import { createPaymentStep, type PaymentStepMessage } from './payment-step.ts'
import { createWallet } from './wallet.ts'

function topUp(commandId: string, amount: number, userId = 'ann'): PaymentStepMessage {
  return { type: 'wallet.topped_up', userId, amount, by: 'op', commandId }
}

function statusOf(tables: PaymentTables, orderId: string): string | undefined {
  return tables.rows.get(orderId)?.status
}

describe('the payment step', () => {
  test('stores what it asks before it asks, for all orders of a batch at once', async () => {
    const { take, asked, tables, store } = startStep()
    const said = await take(due('a'), due('b', 1_001), due('c', 700))
    assert.deepEqual(said, ['payment.captured a', 'payment.refused b', 'payment.captured c'])
    const [{ statuses } = { statuses: [] }] = asked
    assert.deepEqual(statuses, ['asked', 'asked', 'asked'])
    assert.equal(tables.balances.get('ann'), 0)
    assert.deepEqual(await take(), [])
    assert.deepEqual(await store.openRows({ after: '', limit: 9 }), [], 'all is noted as said')
  })

  test('notes what was said with whatever it stores next', async () => {
    const { take, store } = startStep()
    await take(due('a'))
    assert.equal((await store.openRows({ after: '', limit: 9 })).length, 1)
    await take({ type: 'order.confirmed', orderId: 'a' })
    assert.deepEqual(await store.openRows({ after: '', limit: 9 }), [])
  })

  test('asks again about what money that comes back may pay, which holds up nobody', async () => {
    const { take, asked, tables } = startStep()
    await take(due('a', 800))
    assert.deepEqual(await take(due('b', 900)), [])
    assert.deepEqual(await take(due('c', 100)), ['payment.captured c'])
    assert.deepEqual(await take(cancelled('a')), ['payment.refunded a', 'payment.captured b'])
    assert.deepEqual(tables.balances.get('ann'), 0)
    const calls = asked.map(({ questions }) => questions.map(({ payment }) => payment.orderId))
    const [, , third] = calls
    assert.deepEqual(third, ['c', 'b'])
  })

  test('asks about the others first, however many wait for money', async () => {
    const { take } = startStep({ limits: { questionsPerCallMax: 2 } })
    const waiting = Array.from({ length: 9 }, (_, n) => due(`w-${n}`, 900))
    assert.deepEqual(await take(due('a', 800), ...waiting), ['payment.captured a'])
    assert.deepEqual(await take(due('z', 200)), ['payment.captured z'])
  })

  test('refuses what waited for money as soon as its order is confirmed', async () => {
    const { take } = startStep()
    await take(due('a', 800), due('b', 900))
    assert.deepEqual(await take(), [])
    const confirmed = { type: 'order.confirmed', orderId: 'a' } as const
    assert.deepEqual(await take(confirmed), ['payment.refused b'])
    assert.deepEqual(await take(due('c', 300)), ['payment.refused c'])
  })

  test('undoes what waits for money when its time is over', async () => {
    const { take, tables } = startStep()
    await take(due('a', 800), due('b', 900))
    assert.deepEqual(await take(cancelled('b')), [])
    assert.equal(statusOf(tables, 'b'), 'cancelled')
    assert.equal(tables.balances.get('ann'), 200)
  })

  test('says the same again to a record that comes again, and asks nobody', async () => {
    const { take, asked, tables } = startStep()
    await take(due('a'), due('b', 9_999))
    tables.balances.set('ann', 99_999)
    const again = ['payment.captured a', 'payment.refused b']
    assert.deepEqual(await take(due('a'), due('b', 9_999)), again)
    await take(cancelled('a'))
    const undone = ['payment.captured a', 'payment.refunded a']
    assert.deepEqual(await take(due('a'), cancelled('a')), undone)
    assert.equal(asked.length, 2)
  })

  test('asks once for a record that stands in a batch twice', async () => {
    const { take, asked } = startStep()
    assert.deepEqual(await take(due('a'), due('a')), ['payment.captured a'])
    assert.equal(asked.flatMap(({ questions }) => questions).length, 1)
  })

  test('asks nobody where nothing is due, and refunds nothing', async () => {
    const { take, asked, tables } = startStep()
    assert.deepEqual(await take(due('a', 0)), ['payment.captured a'])
    assert.deepEqual(await take(cancelled('a')), [])
    assert.equal(statusOf(tables, 'a'), 'cancelled')
    assert.deepEqual(asked, [])
  })

  test('gives back what a cancelled order paid, and stores that before it asks', async () => {
    const { take, asked, tables } = startStep()
    await take(due('a'))
    assert.deepEqual(await take(cancelled('a')), ['payment.refunded a'])
    assert.deepEqual(asked.at(-1)?.statuses, ['undoing'])
    assert.equal(tables.balances.get('ann'), 1_000)
  })

  test('undoes without asking for it where the cancellation stands right behind', async () => {
    const { take, asked, tables } = startStep()
    assert.deepEqual(await take(due('a'), cancelled('a'), due('b', 1_000)), ['payment.captured b'])
    const kinds = asked.flatMap(({ questions }) => questions.map(({ kind }) => kind))
    assert.deepEqual(kinds.sort(), ['capture', 'undo'])
    assert.deepEqual([statusOf(tables, 'a'), tables.balances.get('ann')], ['cancelled', 0])
  })

  test('leaves a tombstone where the cancellation comes first, and never asks', async () => {
    const { take, asked } = startStep()
    assert.deepEqual(await take(cancelled('a'), due('a'), cancelled('a')), [])
    assert.deepEqual(asked, [])
  })

  test('has no business with orders that were placed or confirmed', async () => {
    const { take, step, tables } = startStep()
    const confirmed = { type: 'order.confirmed', orderId: 'a' } as const
    const lines = [{ productId: 'tea', quantity: 1 }]
    const order = { type: 'order.placed', orderId: 'a', userId: 'ann', lines } as const
    assert.deepEqual(await take({ ...order, timeLimitMs: 9 }, confirmed), [])
    const item = { message: confirmed, topic: 'firstcome.orders', partition: 0, at: 0 }
    assert.deepEqual(step.wantedBy([item]), { orderIds: [], userIds: [], commands: [] })
    assert.equal(tables.rows.size, 0)
  })
})

describe('where the provider has no answer, the payment step', () => {
  const failure = { kind: 'failed', reason: 'away' } as const
  /** The asking of this number fails; with `acts` money has moved before its answer is lost. */
  function failing(number: number, { acts }: { acts: boolean }) {
    let askings = 0
    return ({ ask }: Payments): Payments['ask'] => {
      return async (questions, withinMs) => {
        if (++askings !== number) return ask(questions, withinMs)
        if (acts) await ask(questions, withinMs)
        return questions.map(() => failure)
      }
    }
  }

  for (const acts of [true, false]) {
    const lost = acts ? 'an answer was lost' : 'the provider was away'
    test(`lets the record be tried again, and asks the same then, where ${lost}`, async () => {
      const { take, asked, tables } = startStep({ answering: failing(1, { acts }) })
      assert.deepEqual(await take(due('a')), ['retries-1s a'])
      assert.equal(statusOf(tables, 'a'), 'asked')
      assert.deepEqual(await take(due('a')), ['payment.captured a'])
      assert.deepEqual(asked[0]?.questions, asked[1]?.questions)
      assert.equal(tables.balances.get('ann'), 700)
    })

    test(`undoes an order that was cancelled since, where ${lost}`, async () => {
      const { take, tables } = startStep({ answering: failing(1, { acts }) })
      await take(due('a'))
      assert.deepEqual(await take(cancelled('a')), acts ? ['payment.refunded a'] : [])
      assert.equal(tables.balances.get('ann'), 1_000)
      assert.deepEqual(await take(due('a')), acts ? ['payment.captured a'] : [])
      assert.equal(tables.balances.get('ann'), 1_000)
    })

    test(`asks to undo again later, where ${lost}`, async () => {
      const { take, tables } = startStep({ answering: failing(2, { acts }) })
      await take(due('a'))
      assert.deepEqual(await take(cancelled('a')), ['retries-1s a'])
      assert.equal(statusOf(tables, 'a'), 'undoing')
      assert.deepEqual(await take(cancelled('a')), ['payment.refunded a'])
      assert.equal(tables.balances.get('ann'), 1_000)
    })
  }

  test('makes an answer that contradicts what is stored a dead letter, and keeps the row', async () => {
    const odd: Payments['ask'] = async () => [{ kind: 'undone', refunded: 1 }]
    const { take, tables } = startStep({ answering: () => odd })
    assert.deepEqual(await take(due('a')), ['dead-letters payment-step'])
    assert.equal(statusOf(tables, 'a'), 'asked')
  })
})

describe('an undoing', () => {
  for (const dying of [1, 2]) {
    test(`that a crash ends at passing ${dying} of K28 is finished by the next start`, async () => {
      const store = createPaymentStepStoreMemory()
      const { tables } = store
      tables.balances.set('ann', 1_000)
      const wallet = createWallet(createWalletStoreMemory(tables))
      let passings = 0
      const dies = (point: string) => {
        if (point === 'K28' && ++passings === dying) throw new Error('killed')
      }
      const step = createPaymentStep(store, crashingPayments(wallet, dies))
      const turn = startTask(step, () => {})
      await drive(step, [due('a')])
      await turn()
      await drive(step, [cancelled('a')])
      await assert.rejects(turn(), /killed/)
      assert.equal(statusOf(tables, 'a'), 'undoing')
      assert.equal(tables.balances.get('ann'), dying === 1 ? 700 : 1_000)
      const said: string[] = []
      const next = createPaymentStep(store, wallet)
      await startTask(next, (records) => said.push(...saidIn(records).map(({ type }) => type)))()
      assert.deepEqual(said, ['payment.refunded'])
      assert.equal(tables.balances.get('ann'), 1_000)
    })
  }
})

describe('a top-up', () => {
  test('moves the balance once, and the orders behind it can spend it', async () => {
    const { take, tables } = startStep()
    const first = topUp('op:1', 500, 'bob')
    await take(first, first)
    const said = await take(first, topUp('op:2', 1), due('a', 500, 'bob'))
    assert.deepEqual(said, ['payment.captured a'])
    assert.deepEqual([...tables.balances].sort(), [
      ['ann', 1_001],
      ['bob', 0],
    ])
    assert.deepEqual(
      [...tables.commands.values()],
      [
        { key: 'bob', commandId: 'op:1', amount: 500, outcome: 'done' },
        { key: 'ann', commandId: 'op:2', amount: 1, outcome: 'done' },
      ],
    )
  })

  test('under an id that is taken by another amount changes nothing', async () => {
    const { take, tables } = startStep()
    await take(topUp('op:1', 5), topUp('op:1', 6))
    assert.equal(tables.balances.get('ann'), 1_005)
    assert.equal([...tables.commands.values()][0]?.amount, 5)
  })

  test('beyond the limit is refused for good, and what just fits is not', async () => {
    const { take, tables } = startStep()
    tables.balances.set('ann', balanceMax - topUpAmountMax)
    const above = topUp('op:2', 1)
    await take(topUp('op:1', topUpAmountMax), above)
    assert.equal(tables.balances.get('ann'), balanceMax)
    tables.balances.set('ann', 0)
    await take(above)
    assert.equal(tables.balances.get('ann'), 0)
    assert.deepEqual([...tables.commands.values()].at(-1), {
      key: 'ann',
      commandId: 'op:2',
      amount: 1,
      outcome: 'balance_limit',
    })
  })
})
