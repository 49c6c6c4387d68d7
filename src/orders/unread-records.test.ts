import assert from 'node:assert/strict'
import { test } from 'node:test'
import { productsTopic, walletsTopic } from '../domain/orders/messages.ts'
import type { LogBounds } from '../ports/log.ts'
import type { ConsumerPosition } from '../ports/orders.ts'
import { UnreadRecords } from './unread-records.ts'

/** Of two: those of tea and cup, and of jar. */
const first = 0
const second = 1

/** A log that answers when it is told to, and rows that go as far as they are told. */
function createWorld() {
  const asked: { partition: number; answer: PromiseWithResolvers<LogBounds> }[] = []
  const positions: ConsumerPosition[] = []
  const seen = { answers: 0, looks: 0 }
  const unread = new UnreadRecords({
    topic: productsTopic,
    log: {
      partitionsOf: () => 2,
      partitionBounds(topic, partition) {
        assert.equal(topic, productsTopic)
        const answer = Promise.withResolvers<LogBounds>()
        asked.push({ partition, answer })
        return answer.promise
      },
    },
    store: {
      async positions() {
        seen.looks += 1
        return positions
      },
    },
    onEnds: () => void (seen.answers += 1),
  })
  return {
    unread,
    seen,
    asked: () => asked.map(({ partition }) => partition),
    async answer(n: number, end: number | null): Promise<void> {
      if (end === null) asked[n]?.answer.reject(new Error('away'))
      else asked[n]?.answer.resolve({ start: 0, end })
      await new Promise(setImmediate)
    },
    readTo(partition: number, next: number, topic: string = productsTopic): void {
      positions.push({ topic, partition, next, published: next, tries: 0 })
    },
    look(wanted: Readonly<Record<string, readonly string[]>>, known: readonly string[] = []) {
      return unread.look(
        Object.entries(wanted).map(([orderId, productIds]) => {
          return [orderId, productIds.filter((productId) => !known.includes(productId))]
        }),
      )
    },
  }
}

test('a product that is missing may exist until the rows go as far as its topic went', async () => {
  const { unread, look, answer, readTo } = createWorld()
  readTo(first, 4)
  readTo(first, 9, walletsTopic)
  readTo(second, 9)
  assert.equal(unread.mayExist('a', 'tea'), true, 'nobody has asked')
  await look({ a: ['tea'] })
  assert.equal(unread.mayExist('a', 'tea'), true, 'it is being asked')
  await answer(0, 5)
  await look({ a: ['tea'] })
  assert.equal(unread.mayExist('a', 'tea'), true, 'one record is not read')
  readTo(first, 5)
  await look({ a: ['tea'] })
  assert.equal(unread.mayExist('a', 'tea'), false)
  assert.equal(unread.mayExist('a', 'jar'), true, 'another partition')
  assert.equal(unread.mayExist('b', 'tea'), true, 'an order that came later')
})

test('the log is asked once for all orders that wait, and again for those that come then', async () => {
  const { unread, look, asked, answer, readTo, seen } = createWorld()
  readTo(first, 3)
  await look({ a: ['tea'], b: ['cup', 'tea'], c: ['jar', 'cup'], d: ['pot'] })
  assert.deepEqual(asked(), [first, second])
  await look({ a: ['tea'], b: ['cup'], e: ['tea'] })
  assert.deepEqual(asked(), [first, second], 'one question at a time')
  assert.equal(seen.looks, 0, 'the rows are not asked before there is an end')
  await answer(0, 3)
  assert.equal(seen.answers, 1)
  await look({ a: ['tea'], b: ['cup'], e: ['tea'] })
  assert.deepEqual(asked(), [first, second, first])
  assert.deepEqual(
    ['a', 'b', 'c', 'e'].map((orderId) => unread.mayExist(orderId, 'tea')),
    [false, false, false, true],
    'what was asked before the order had come says nothing of it',
  )
})

test('where the log is away orders wait, and it is asked again', async () => {
  const { unread, look, asked, answer, readTo, seen } = createWorld()
  readTo(first, 9)
  await look({ a: ['tea'] })
  await answer(0, null)
  assert.equal(seen.answers, 0, 'nobody looks at once')
  assert.equal(unread.mayExist('a', 'tea'), true)
  await look({ a: ['tea'] })
  assert.deepEqual(asked(), [first, first])
  await answer(1, 9)
  await look({ a: ['tea'] })
  assert.equal(unread.mayExist('a', 'tea'), false)
})

test('an order waits for no record once its products are there, or it has an answer', async () => {
  const { unread, look } = createWorld()
  await look({ a: ['tea'], b: ['tea'], c: ['tea'] })
  await look({ a: ['tea'], b: ['tea'], c: ['tea', 'cup'] }, ['tea'])
  assert.deepEqual(
    ['a', 'c'].map((orderId) => unread.isWaiting(orderId)),
    [false, true],
  )
  unread.forget('c')
  assert.equal(unread.isWaiting('c'), false)
  await look({ d: ['tea'] })
  unread.clear()
  assert.equal(unread.isWaiting('d'), false, 'another session asks for itself')
})
