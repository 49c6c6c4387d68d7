import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../memory/clock-virtual.ts'
import type { Database, Session } from './database.ts'
import { withJointTransactions } from './joint-transactions.ts'

/** Notes which transactions there are, and what was done in each that was committed. */
function start() {
  const clock = virtualClock(0)
  const begun: string[][] = []
  const committed: string[][] = []
  let doing: string[] = []
  const database = withJointTransactions(
    {
      async transaction(run) {
        doing = []
        begun.push(doing)
        const result = await run({} as Session)
        committed.push(doing)
        return result
      },
    } as Database,
    clock,
  )
  const want = (name: string, fails = () => false, isPatient = true) =>
    database.together?.({
      name,
      isPatient,
      async run() {
        doing.push(name)
        if (fails()) throw new Error(`${name} cannot`)
        return `${name} is done`
      },
    })
  return { want, begun, committed, pass: (ms: number) => clock.runUntil(clock.now() + ms) }
}

describe('transactions that need not hurry', () => {
  test('are one, in the order of their names, and each has its own result', async () => {
    const { want, committed, pass } = start()
    const results = Promise.all([want('stock'), want('coupons'), want('payments')])
    await pass(100)
    assert.deepEqual(await results, ['stock is done', 'coupons is done', 'payments is done'])
    assert.deepEqual(committed, [['coupons', 'payments', 'stock']])
  })

  test('are done each by itself where one fails, which fails alone', async () => {
    const { want, begun, committed, pass } = start()
    const failing = want('payments', () => true)?.catch((error: Error) => error.message)
    const results = Promise.all([want('coupons'), failing, want('stock')])
    await pass(100)
    assert.deepEqual(await results, ['coupons is done', 'payments cannot', 'stock is done'])
    assert.deepEqual(committed, [['coupons'], ['stock']])
    assert.equal(begun.length, 4)
  })

  test('wait for each other only for a moment', async () => {
    const { want, committed, pass } = start()
    const first = want('coupons')
    await pass(100)
    const second = want('stock')
    await pass(100)
    assert.deepEqual(await Promise.all([first, second]), ['coupons is done', 'stock is done'])
    assert.deepEqual(committed, [['coupons'], ['stock']])
  })
})

test('whoever has no hurry is not waited for: only what is asked for in the same turn', async () => {
  const { want, committed, pass } = start()
  const now = (name: string) => want(name, () => false, false)
  const results = Promise.all([now('stock'), want('payments'), now('coupons')])
  await pass(0)
  assert.deepEqual(committed, [['coupons', 'stock']])
  await pass(100)
  assert.deepEqual(await results, ['stock is done', 'payments is done', 'coupons is done'])
  assert.deepEqual(committed, [['coupons', 'stock'], ['payments']])
})
