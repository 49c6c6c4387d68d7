import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../adapters/clock-system.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { ordersTopic } from '../../domain/orders/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import { createFindings } from '../findings.ts'
import { createBuckets, type Entry } from './buckets.ts'
import { readOrdersLog } from './read-log.ts'
import type { OrderKind, UserKind } from './read-rows.ts'

/** Bytes of a record, and the order that whoever decodes them finds; null: they are void. */
const records: [what: string, bytes: string, orderId: string | null][] = [
  ['as it is written', placed('"orderId":"a"'), 'a'],
  ['of another order than its key', placed('"orderId":"b"'), 'b'],
  ['that names two, of which the last counts', placed('"orderId":"a","orderId":"b"'), 'b'],
  ['that names another by an escape', placed('"orderId":"a","order\\u0049d":"b"'), 'b'],
  ['with blanks', placed('"orderId" : "a"'), 'a'],
  ['that names it inside alone', placed('"coupon":{"orderId":"b"}'), null],
  ['that is cut off', placed('"orderId":"b"').slice(0, -9), null],
]

for (const [what, bytes, orderId] of records) {
  test(`a record ${what} is put to the order that it is about`, async () => {
    const log = openLogMemory({
      topics: Object.fromEntries(orderTopics.map((topic) => [topic, 1])),
      clock: systemClock(),
    })
    await log.append(ordersTopic, [{ key: 'a', value: Buffer.from(bytes) }])
    const added: [string, Entry<OrderKind>['kind']][] = []
    const byOrder = createBuckets<OrderKind>(['record', 'answer'], null)
    const byUser = createBuckets<UserKind>(['topUp'], null)
    const rows = {
      byOrder: { ...byOrder, add: (key: string, kind: OrderKind) => void added.push([key, kind]) },
      byUser,
      positions: [],
    }
    const read = await readOrdersLog({ log, rows, findings: createFindings() })
    assert.deepEqual(added, orderId === null ? [] : [[orderId, 'record']])
    assert.equal(read.voidRecords, orderId === null ? 1 : 0)
  })
}

function placed(named: string): string {
  const lines = '"lines":[{"productId":"tea","quantity":1}]'
  return `{"type":"order.placed","v":1,${named},"userId":"ann",${lines},"timeLimitMs":1000}`
}
