import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cancelled, due, startStep } from '../../test/models/payment-step.ts'
import { drive, startTask } from '../../test/models/work-driver.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
} from '../adapters/memory/payment-stores.ts'
import type { Payments } from '../ports/payments.ts'
import { createPaymentStep } from './payment-step.ts'
import { createWallet } from './wallet.ts'

describe('a provider that contradicts itself', () => {
  test('about a payment that it has captured, and of which it gives back nothing, is disputed', async () => {
    let refunded = 0
    const { take, tables } = startStep({
      answering: ({ ask }) => {
        return async (questions, withinMs) => {
          if (questions[0]?.kind === 'capture') return ask(questions, withinMs)
          return [{ kind: 'undone', refunded }]
        }
      },
    })
    await take(due('a'))
    assert.deepEqual(await take(cancelled('a')), ['dead-letters payment-step'])
    const row = tables.rows.get('a')
    assert.ok(row?.status === 'undoing' && row.disputed === true)
    // Re-driven once people have set it right.
    refunded = 300
    assert.deepEqual(await take(cancelled('a')), ['payment.refunded a'])
    assert.deepEqual(tables.rows.get('a'), {
      status: 'refunded',
      orderId: 'a',
      userId: 'ann',
      amount: 300,
    })
  })
})

describe('a provider that refuses what it may have captured', () => {
  const failure = { kind: 'failed', reason: 'no answer', inDoubt: true } as const
  const no = { kind: 'refused', reason: 'insufficient_funds' } as const
  const refused = { status: 'refused', orderId: 'a', reason: 'insufficient_funds' }

  /** It says so of the first capture, then that it was refused; undone, it says how much it was. */
  function startForgetful(first: typeof failure | null, refunded: () => number) {
    let captures = 0
    return startStep({
      answering: () => async (questions) => {
        return questions.map(({ kind }) => {
          if (kind === 'undo') return { kind: 'undone', refunded: refunded() }
          return captures++ === 0 && first !== null ? first : no
        })
      },
    })
  }

  test('is asked to undo it, and where nothing comes back the refusal stands', async () => {
    const { take, tables, asked } = startForgetful(failure, () => 0)
    await take(due('a'))
    assert.deepEqual(await take(due('a')), ['payment.refused a'])
    assert.deepEqual(await take(cancelled('a')), [])
    assert.deepEqual(tables.rows.get('a'), refused)
    assert.deepEqual(asked.at(-1)?.statuses, ['undoing'])
    const times = asked.length
    assert.deepEqual(await take(due('a'), cancelled('a')), ['payment.refused a'])
    assert.equal(asked.length, times)
  })

  test('is disputed where something comes back, until people have tried it again', async () => {
    const { take, redrive, tables } = startForgetful(failure, () => 300)
    await take(due('a'))
    await take(due('a'))
    const row = () => tables.rows.get('a')
    for (let n = 0; n < 2; n++) {
      assert.deepEqual(await take(cancelled('a')), ['dead-letters payment-step'])
      const now = row()
      assert.ok(now?.status === 'undoing' && now.disputed === true)
    }
    assert.deepEqual(await redrive(cancelled('a')), ['payment.refunded a'])
    assert.deepEqual(row(), { status: 'refunded', orderId: 'a', userId: 'ann', amount: 300 })
  })

  test('is not asked again where no answer of its was lost', async () => {
    const { take, tables, asked } = startForgetful(null, () => 300)
    assert.deepEqual(await take(due('a')), ['payment.refused a'])
    assert.deepEqual(await take(cancelled('a')), [])
    assert.equal(asked.length, 1)
    assert.deepEqual(tables.rows.get('a'), refused)
  })

  test('is asked to undo what a process that ended may have asked', async () => {
    const store = createPaymentStepStoreMemory()
    const wallet = createWallet(createWalletStoreMemory(store.tables))
    const hangs: Payments = { ...wallet, losesAnswers: true, ask: () => new Promise(() => {}) }
    const dying = createPaymentStep(store, hangs)
    const turn = startTask(dying, () => {})
    await drive(dying, [due('a')])
    await turn()
    const kinds: string[] = []
    const ask: Payments['ask'] = async (questions) => {
      kinds.push(...questions.map(({ kind }) => kind))
      return questions.map(({ kind }) => (kind === 'undo' ? { kind: 'undone', refunded: 0 } : no))
    }
    const next = createPaymentStep(store, { ...hangs, ask })
    const nextTurn = startTask(next, () => {})
    await nextTurn()
    await drive(next, [cancelled('a')])
    await nextTurn()
    assert.deepEqual(kinds, ['capture', 'undo'])
    assert.deepEqual(store.tables.rows.get('a'), refused)
  })
})
