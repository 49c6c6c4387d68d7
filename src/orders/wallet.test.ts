import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { walletsTopic } from '../domain/orders/messages.ts'
import type { PaymentEffect } from '../domain/orders/payment-step.ts'
import type { LogBounds } from '../ports/log.ts'
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

describe('where top-ups may be unread', () => {
  /** A log whose end is told when it is, and rows that go as far as they are told. */
  function startReading() {
    const seen = { ends: 0, looks: 0, told: 0, next: 4 }
    let end = Promise.withResolvers<LogBounds>()
    const balances = new Map([['ann', 100]])
    const wallet = createWallet(
      {
        async charge(_, decide) {
          const loaded = { charges: new Map(), unsettled: new Map() }
          return decide({ ...loaded, balances: new Map(balances) }).result
        },
      },
      {
        log: {
          partitionsOf: () => 1,
          partitionBounds(topic) {
            assert.equal(topic, walletsTopic)
            seen.ends += 1
            return end.promise
          },
        },
        store: {
          async positions() {
            seen.looks += 1
            const { next } = seen
            return [{ topic: walletsTopic, partition: 0, next, published: next, tries: 0 }]
          },
        },
      },
    )
    wallet.begin?.(() => void (seen.told += 1))
    const ask = async (...questions: PaymentEffect[]) => {
      return (await wallet.ask(questions, 1_000)).map(({ kind }) => kind)
    }
    async function answer(to: number | null): Promise<void> {
      if (to === null) end.reject(new Error('away'))
      else end.resolve({ start: 0, end: to })
      await new Promise(setImmediate)
      end = Promise.withResolvers()
    }
    return { ask, answer, seen, balances, wallet }
  }

  test('nobody is refused before they are read as far as they went', async () => {
    const { ask, answer, seen, balances } = startReading()
    const [a, b] = [question('capture', 'a', 101), question('capture', 'b', 150)] as const
    assert.deepEqual(await ask(a, b, question('capture', 'c')), ['not_now', 'not_now', 'captured'])
    assert.deepEqual(await ask(a, b), ['not_now', 'not_now'])
    assert.deepEqual(seen, { ends: 1, looks: 0, told: 0, next: 4 }, 'one question for all')
    await answer(5)
    assert.equal(seen.told, 1, 'there may be an answer')
    assert.deepEqual(await ask(a, b), ['not_now', 'not_now'], 'one record is not read')
    balances.set('ann', 101)
    seen.next = 5
    assert.deepEqual(await ask(a, b), ['captured', 'refused'])
    assert.deepEqual(seen, { ends: 1, looks: 2, told: 1, next: 5 })
  })

  test('who has enough costs no question', async () => {
    const { ask, seen } = startReading()
    assert.deepEqual(await ask(question('capture', 'a'), question('undo', 'b')), [
      'captured',
      'undone',
    ])
    assert.deepEqual(seen, { ends: 0, looks: 0, told: 0, next: 4 })
  })

  test('the log is asked again where it was away, and by another session', async () => {
    const { ask, answer, seen, wallet } = startReading()
    const a = question('capture', 'a', 101)
    await ask(a)
    await answer(null)
    assert.equal(seen.told, 0)
    assert.deepEqual(await ask(a), ['not_now'])
    assert.equal(seen.ends, 2)
    await answer(4)
    wallet.begin?.(() => {})
    assert.deepEqual(await ask(a), ['not_now'])
    assert.equal(seen.ends, 3)
  })

  test('what is undone waits no more', async () => {
    const { ask, answer, seen } = startReading()
    await ask(question('capture', 'a', 101))
    await answer(4)
    assert.deepEqual(await ask(question('undo', 'a')), ['undone'])
    assert.deepEqual(await ask(question('undo', 'a')), ['undone'])
    assert.equal(seen.looks, 1)
  })
})
