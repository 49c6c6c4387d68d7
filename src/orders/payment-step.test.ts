import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Driven, drive } from '../../test/models/work-driver.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
  type PaymentTables,
} from '../adapters/memory/consumer-stores.ts'
import { balanceMax, type OrderMessage, topUpAmountMax } from '../domain/orders/messages.ts'
import type { PaymentEffect } from '../domain/orders/payment-step.ts'
import { crashingPayments } from '../main/roles/crash-points.ts'
import type { Payments } from '../ports/payments.ts'
import { createPaymentStep, type PaymentStepMessage } from './payment-step.ts'
import { createWallet } from './wallet.ts'

function due(orderId: string, total = 300, userId = 'ann'): OrderMessage {
  return { type: 'order.payment_due', orderId, userId, subtotal: total, discount: 0, total }
}
function cancelled(orderId: string): OrderMessage {
  return { type: 'order.cancelled', orderId, reason: 'timed_out' }
}
function topUp(commandId: string, amount: number, userId = 'ann'): PaymentStepMessage {
  return { type: 'wallet.topped_up', userId, amount, by: 'op', commandId }
}

type Asking = { questions: readonly PaymentEffect[]; statuses: (string | undefined)[] }

/** Over the built-in wallet, where ann has 1,000; notes what is asked, and what is stored then. */
function startStep({ answering = (payments: Payments) => payments.ask } = {}) {
  const store = createPaymentStepStoreMemory()
  const { tables } = store
  tables.balances.set('ann', 1_000)
  const wallet = createWallet(createWalletStoreMemory(tables))
  const asked: Asking[] = []
  const payments: Payments = {
    ask(questions, withinMs) {
      const statuses = questions.map(({ payment }) => tables.rows.get(payment.orderId)?.status)
      asked.push({ questions, statuses })
      return answering(wallet)(questions, withinMs)
    },
    async close() {},
  }
  const passed: { point: string; status: string | undefined; balance: number | undefined }[] = []
  const crashing = crashingPayments(payments, (point) => {
    passed.push({ point, status: statusOf(tables, 'a'), balance: tables.balances.get('ann') })
  })
  const step = createPaymentStep(store, crashing)
  const take = (...messages: PaymentStepMessage[]) => drive(step, messages)
  return { step, tables, asked, passed, take }
}

function statusOf(tables: PaymentTables, orderId: string): string | undefined {
  return tables.rows.get(orderId)?.status
}

const captured = (orderId: string, amount = 300): Driven => {
  return { kind: 'applied', said: [{ type: 'payment.captured', orderId, amount }] }
}
const refunded = (orderId: string, amount = 300): Driven => {
  return { kind: 'applied', said: [{ type: 'payment.refunded', orderId, amount }] }
}
const poor = (orderId: string): Driven => {
  const reason = 'insufficient_funds'
  return { kind: 'applied', said: [{ type: 'payment.refused', orderId, reason }] }
}
const again = (driven: Driven): Driven => ({ ...driven, kind: 'dropped' }) as Driven
const applied: Driven = { kind: 'applied', said: [] }
const dropped: Driven = { kind: 'dropped', said: [] }

describe('the payment step', () => {
  test('stores what it asks before it asks, for all orders of a batch at once', async () => {
    const { take, asked, tables } = startStep()
    assert.deepEqual(await take(due('a'), due('b', 800), due('c', 700)), [
      captured('a'),
      poor('b'),
      captured('c', 700),
    ])
    assert.deepEqual(
      asked.map(({ statuses }) => statuses),
      [['asked', 'asked', 'asked']],
    )
    assert.equal(tables.balances.get('ann'), 0)
  })

  test('says the same again to a record that comes again, and asks nobody', async () => {
    const { take, asked, tables } = startStep()
    await take(due('a'), due('b', 9_999))
    tables.balances.set('ann', 99_999)
    assert.deepEqual(await take(due('a'), due('b', 9_999)), [
      again(captured('a')),
      again(poor('b')),
    ])
    await take(cancelled('a'))
    assert.deepEqual(await take(due('a'), cancelled('a')), [
      again(captured('a')),
      again(refunded('a')),
    ])
    assert.equal(asked.length, 2)
  })

  test('asks once for a record that stands in a batch twice', async () => {
    const { take, asked } = startStep()
    assert.deepEqual(await take(due('a'), due('a')), [captured('a'), again(captured('a'))])
    assert.equal(asked.flatMap(({ questions }) => questions).length, 1)
  })

  test('asks nobody where nothing is due, and refunds nothing', async () => {
    const { take, asked, tables } = startStep()
    assert.deepEqual(await take(due('a', 0)), [captured('a', 0)])
    assert.deepEqual(await take(cancelled('a')), [applied])
    assert.equal(statusOf(tables, 'a'), 'cancelled')
    assert.deepEqual(asked, [])
  })

  test('gives back what a cancelled order paid, and stores that before it asks', async () => {
    const { take, asked, tables } = startStep()
    await take(due('a'))
    assert.deepEqual(await take(cancelled('a')), [refunded('a')])
    assert.deepEqual(asked.at(-1)?.statuses, ['undoing'])
    assert.equal(tables.balances.get('ann'), 1_000)
  })

  test('lets a cancellation wait that stands right behind the payment', async () => {
    const { take, asked, tables } = startStep()
    const batch = [due('a'), cancelled('a'), due('b', 1_000), due('a')]
    assert.deepEqual(await take(...batch), [
      captured('a'),
      refunded('a'),
      poor('b'),
      again(captured('a')),
    ])
    const kinds = asked.map(({ questions }) => questions.map(({ kind }) => kind))
    assert.deepEqual(kinds, [['capture', 'capture'], ['undo']])
    assert.equal(tables.balances.get('ann'), 1_000)
  })

  test('leaves a tombstone where the cancellation comes first, and never asks', async () => {
    const { take, asked } = startStep()
    assert.deepEqual(await take(cancelled('a'), due('a'), cancelled('a')), [
      applied,
      dropped,
      dropped,
    ])
    assert.deepEqual(asked, [])
  })

  test('has no business with orders that were placed or confirmed', async () => {
    const { take, step, tables } = startStep()
    const confirmed = { type: 'order.confirmed', orderId: 'a' } as const
    const lines = [{ productId: 'tea', quantity: 1 }]
    const order = { type: 'order.placed', orderId: 'a', userId: 'ann', lines } as const
    assert.deepEqual(await take({ ...order, timeLimitMs: 9 }, confirmed), [dropped, dropped])
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
    test(`passes the reason on and asks the same again later, where ${lost}`, async () => {
      const { take, asked, tables } = startStep({ answering: failing(1, { acts }) })
      assert.deepEqual(await take(due('a')), [failure])
      assert.equal(statusOf(tables, 'a'), 'asked')
      assert.deepEqual(await take(due('a')), [captured('a')])
      assert.deepEqual(asked[0]?.questions, asked[1]?.questions)
      assert.equal(tables.balances.get('ann'), 700)
    })

    test(`undoes an order that was cancelled meanwhile, where ${lost}`, async () => {
      const { take, tables } = startStep({ answering: failing(1, { acts }) })
      const [first, second] = await take(due('a'), cancelled('a'))
      assert.deepEqual([first, second], [failure, acts ? refunded('a') : applied])
      assert.equal(tables.balances.get('ann'), 1_000)
      assert.deepEqual(await take(due('a')), [acts ? again(captured('a')) : dropped])
      assert.equal(tables.balances.get('ann'), 1_000)
    })

    test(`asks to undo again later, where ${lost}`, async () => {
      const { take, tables } = startStep({ answering: failing(2, { acts }) })
      await take(due('a'))
      assert.deepEqual(await take(cancelled('a')), [failure])
      assert.equal(statusOf(tables, 'a'), 'undoing')
      assert.deepEqual(await take(cancelled('a')), [refunded('a')])
      assert.equal(tables.balances.get('ann'), 1_000)
    })
  }

  test('throws where the answer contradicts what is stored, which stays', async () => {
    const odd: Payments['ask'] = async () => [{ kind: 'undone', refunded: 1 }]
    const { take, tables } = startStep({ answering: () => odd })
    await assert.rejects(take(due('a')), /order.payment_due of order a contradicts/)
    assert.equal(statusOf(tables, 'a'), 'asked')
  })
})

describe('an undoing', () => {
  test('passes K28 when it is stored and not yet asked, and when it is done and not stored', async () => {
    const { take, passed } = startStep()
    await take(due('a'))
    assert.deepEqual(passed, [])
    await take(cancelled('a'))
    assert.deepEqual(passed, [
      { point: 'K28', status: 'undoing', balance: 700 },
      { point: 'K28', status: 'undoing', balance: 1_000 },
    ])
  })

  for (const dying of [1, 2]) {
    test(`that a crash ends at passing ${dying} of K28 is finished by the next start`, async () => {
      const store = createPaymentStepStoreMemory()
      const { tables } = store
      tables.balances.set('ann', 1_000)
      const wallet = createWallet(createWalletStoreMemory(tables))
      let passings = 0
      const dies = () => {
        if (++passings === dying) throw new Error('killed')
      }
      const step = createPaymentStep(store, crashingPayments(wallet, dies))
      await drive(step, [due('a')])
      await assert.rejects(drive(step, [cancelled('a')]), /killed/)
      assert.equal(statusOf(tables, 'a'), 'undoing')
      const next = createPaymentStep(store, wallet)
      assert.deepEqual(await drive(next, [cancelled('a')]), [refunded('a')])
      assert.equal(tables.balances.get('ann'), 1_000)
    })
  }
})

describe('a top-up', () => {
  test('moves the balance once, and the orders behind it can spend it', async () => {
    const { take, tables } = startStep()
    const first = topUp('op:1', 500, 'bob')
    assert.deepEqual(await take(first, first), [applied, dropped])
    assert.deepEqual(await take(first, topUp('op:2', 1), due('a', 500, 'bob')), [
      dropped,
      applied,
      captured('a', 500),
    ])
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
    assert.deepEqual(await take(topUp('op:1', 5), topUp('op:1', 6)), [applied, dropped])
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
    assert.deepEqual(await take(above), [dropped])
    assert.deepEqual([...tables.commands.values()].at(-1), {
      key: 'ann',
      commandId: 'op:2',
      amount: 1,
      outcome: 'balance_limit',
    })
  })
})
