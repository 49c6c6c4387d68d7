import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createDeadLetterStoreMemory } from '../adapters/memory/consumer-stores.ts'
import {
  type DeadLetterMessage,
  decodeDeadLetterMessage,
} from '../domain/orders/dead-letter-messages.ts'
import { deadLetterEntry } from '../domain/orders/dead-letter-records.ts'
import { readRetryNote } from '../domain/orders/retries.ts'
import { createDeadLetterWork } from './dead-letters.ts'

const origin = { topic: 'firstcome.orders', partition: 0, offset: 7, appendedAt: 1 }
const deadLetterId = 'stock-step.orders.0.7'

function deadLettered(redrives = 0): DeadLetterMessage {
  const { entry } = deadLetterEntry({
    consumer: 'stock-step',
    record: { key: 'order-1', value: Buffer.from('{}') },
    origin,
    reason: 'no',
    attempts: 3,
    redrivable: true,
    redrives,
  })
  const decoded = decodeDeadLetterMessage(entry.value)
  assert.ok(decoded.kind === 'message')
  return decoded.message
}

function asked(act: 'redriven' | 'discarded', commandId: string): DeadLetterMessage {
  return { type: `dead_letter.${act}`, deadLetterId, by: 'op', commandId }
}

/** Takes messages as the message loop would; `moves` are none of this test's business. */
function startWork() {
  const store = createDeadLetterStoreMemory()
  const work = createDeadLetterWork(store)
  async function take(...messages: DeadLetterMessage[]) {
    const items = messages.map((message) => {
      return { message, topic: 'firstcome.dead-letters', partition: 0, at: 100 }
    })
    const batch = { checks: [], wanted: work.wantedBy(items) }
    const results = await store.transact(batch, (loaded) => {
      const { changes, results: result } = work.decide(items, loaded)
      return { changes, moves: [], result }
    })
    assert.ok(results !== 'fenced')
    return results.map((result) => {
      const redrives = result.publish.map(({ topic, entry }) => {
        return `${topic} ${entry.key} ${readRetryNote(entry.headers ?? {})?.redrives}`
      })
      return [result.kind, ...redrives]
    })
  }
  const outcomes = () => [...store.tables.commands.values()].map(({ outcome }) => outcome)
  const letter = () => store.tables.letters.get(deadLetterId)
  return { take, outcomes, letter }
}

describe('the consumer of dead letters', () => {
  test('makes one letter of a record that comes twice', async () => {
    const { take, letter } = startWork()
    assert.deepEqual(await take(deadLettered(), deadLettered()), [['applied'], ['dropped']])
    assert.deepEqual(await take(deadLettered()), [['dropped']])
    assert.deepEqual([letter()?.status, letter()?.attempts], ['waiting', 3])
  })

  test('gives a re-driven record back, once for two re-drives in a row', async () => {
    const { take, outcomes, letter } = startWork()
    const results = await take(deadLettered(), asked('redriven', 'a'), asked('redriven', 'b'))
    assert.deepEqual(results, [
      ['applied'],
      ['applied', 'firstcome.retries-1s order-1 1'],
      ['applied'],
    ])
    assert.deepEqual(outcomes(), ['done', 'unchanged'])
    assert.equal(letter()?.acts.length, 1)
  })

  test('gives the same back when the re-drive is read again, whatever came since', async () => {
    const { take, outcomes, letter } = startWork()
    await take(deadLettered(), asked('redriven', 'a'), deadLettered(1), asked('discarded', 'b'))
    const same = ['dropped', 'firstcome.retries-1s order-1 1']
    assert.deepEqual(await take(asked('redriven', 'a')), [same])
    assert.deepEqual(outcomes(), ['done', 'done'])
    assert.equal(letter()?.status, 'discarded')
  })

  test('lets a record that failed again wait again, with its history, to be re-driven', async () => {
    const { take, letter } = startWork()
    await take(deadLettered(), asked('redriven', 'a'), deadLettered(1))
    assert.equal(letter()?.status, 'waiting')
    const results = await take(asked('redriven', 'b'))
    assert.deepEqual(results, [['applied', 'firstcome.retries-1s order-1 2']])
    assert.deepEqual(
      letter()?.acts.map(({ act, by, at }) => [act, by, at]),
      [
        ['redriven', 'op', 100],
        ['redriven', 'op', 100],
      ],
    )
  })

  test('does not do later what it refused before', async () => {
    const { take, outcomes, letter } = startWork()
    assert.deepEqual(await take(asked('redriven', 'a')), [['applied']])
    assert.deepEqual(await take(deadLettered(), asked('redriven', 'a')), [['applied'], ['dropped']])
    assert.deepEqual(outcomes(), ['unknown_letter'])
    assert.equal(letter()?.status, 'waiting')
  })
})
