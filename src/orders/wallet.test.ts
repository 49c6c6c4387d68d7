import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PaymentEffect } from '../domain/orders/payment-step.ts'
import type { WalletChanges, WalletLoaded } from '../ports/payments.ts'
import { createWallet } from './wallet.ts'

const question = (kind: 'capture' | 'undo', orderId: string, amount = 60): PaymentEffect => {
  return { kind, payment: { orderId, userId: 'ann', amount } }
}

/** A wallet of 100, and what it has stored. */
function startWallet(loaded: Partial<WalletLoaded> = {}) {
  const stored: WalletChanges[] = []
  const wallet = createWallet({
    async charge(_, decide) {
      const balances = new Map([['ann', 100]])
      const { changes, result } = decide({
        charges: new Map(),
        balances,
        unsettled: new Map(),
        ...loaded,
      })
      stored.push(changes)
      return result
    },
  })
  const ask = async (...questions: PaymentEffect[]) => {
    const answers = await wallet.ask(questions, 1_000)
    return { kinds: answers.map(({ kind }) => kind), balance: stored[0]?.balances.get('ann') }
  }
  return { ask, stored }
}

describe('orders of one user that are asked for together', () => {
  test('share one balance, in their order', async () => {
    const { ask, stored } = startWallet()
    const { kinds, balance } = await ask(
      question('capture', 'a'),
      question('capture', 'b'),
      question('capture', 'c', 40),
    )
    // What a has paid may come back, until its order is confirmed.
    assert.deepEqual(kinds, ['captured', 'not_now', 'captured'])
    assert.equal(balance, 0)
    const charges = [...(stored[0]?.charges ?? [])].map(([id, { charge }]) => [id, charge.status])
    assert.deepEqual(charges, [
      ['a', 'captured'],
      ['c', 'captured'],
    ])
  })

  test('are charged once, and given back what was charged, in whatever sequence', async () => {
    const twice = await startWallet().ask(question('capture', 'a'), question('capture', 'a'))
    assert.deepEqual(twice, { kinds: ['captured', 'captured'], balance: 40 })
    const undone = await startWallet().ask(question('capture', 'a'), question('undo', 'a'))
    assert.deepEqual(undone, { kinds: ['captured', 'undone'], balance: 100 })
    const never = await startWallet().ask(question('undo', 'a'), question('capture', 'a'))
    assert.deepEqual(never, { kinds: ['undone', 'refused'], balance: undefined })
  })

  test('get what is given back before', async () => {
    const charges = new Map([['old', { status: 'captured', amount: 50 } as const]])
    const { ask } = startWallet({ charges })
    const answered = await ask(question('undo', 'old', 50), question('capture', 'a', 150))
    assert.deepEqual(answered, { kinds: ['undone', 'captured'], balance: 0 })
  })

  test('wait for what may come back, and are refused where even that is not enough', async () => {
    const unsettled = new Map([['ann', 50]])
    const { ask, stored } = startWallet({ unsettled })
    const { kinds } = await ask(
      question('capture', 'a', 150),
      question('capture', 'b', 151),
      question('capture', 'c', 100),
      question('capture', 'd', 150),
      question('undo', 'c', 100),
      question('capture', 'e', 101),
      question('capture', 'f', 151),
    )
    assert.deepEqual(kinds, [
      ...(['not_now', 'refused', 'captured', 'not_now'] as const),
      ...(['undone', 'not_now', 'refused'] as const),
    ])
    assert.deepEqual([...(stored[0]?.charges.keys() ?? [])], ['b', 'c', 'f'])
  })

  test('are told nothing of what may come back to others', async () => {
    const { ask } = startWallet({ unsettled: new Map([['bob', 500]]) })
    assert.deepEqual((await ask(question('capture', 'a', 101))).kinds, ['refused'])
  })
})
