// Folds claims on one coupon, all of them winners, as an API node does, and prints what they hold
// and how long nobody else could run: `node --expose-gc winners-main.ts 10000000`

import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { isClaim } from '../../../src/domain/coupons/decide.ts'
import { applyCommand, createFold, readRecord } from '../../../src/domain/coupons/fold.ts'
import { type CouponMessage, encodeMessage } from '../../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'

export type WinnersHeld = {
  winners: number
  heapBytes: number
  /** Outside the heap. */
  bufferBytes: number
  /** Of one turn of the event loop, as it was and as the processor had it. */
  longestMs: number
  longestProcessorMs: number
}

/** As a node reads them. */
const recordsPerTurn = 1_000
const couponId = 'winners'
const partitions = 12
const partition = partitionFor(couponId, partitions)
const winners = Number(process.argv[2] ?? 100_000)

const fold = createFold(partitions)
const before = memory()
const terms = { name: 'All win', quantity: winners }
apply(0, { type: 'coupon.created', couponId, terms, rules: 1, by: 'bench', commandId: 'c' })
let longestMs = 0
let longestProcessorMs = 0
for (let at = 0; at < winners; at += recordsPerTurn) {
  const count = Math.min(recordsPerTurn, winners - at)
  const records = Array.from({ length: count }, (_, n) => recordOf(at + n))
  await setImmediate()
  const [startedAt, used] = [performance.now(), process.threadCpuUsage()]
  for (const record of records) applyRecord(record)
  const { user, system } = process.threadCpuUsage(used)
  longestMs = Math.max(longestMs, performance.now() - startedAt)
  longestProcessorMs = Math.max(longestProcessorMs, (user + system) / 1_000)
}
const after = memory()
assert.equal(fold.coupons.get(couponId)?.winners.size, winners)
const held: WinnersHeld = {
  winners,
  heapBytes: after.heap - before.heap,
  bufferBytes: after.buffers - before.buffers,
  longestMs,
  longestProcessorMs,
}
process.stdout.write(`${JSON.stringify(held)}\n`)

type Stored = Parameters<typeof readRecord>[1]

/** Ids in the order of time, as a node makes them. */
function recordOf(n: number): Stored {
  const appendedAt = 1_770_000_000_000 + Math.floor(n / 10)
  const claimId = `${timeText(appendedAt)}-7000-8000-${n.toString(16).padStart(12, '0')}`
  const message = { type: 'coupon.claimed', couponId, userId: `user-${n}`, claimId } as const
  return { partition, offset: n + 1, appendedAt, value: encodeMessage(message) }
}

function timeText(ms: number): string {
  const text = ms.toString(16).padStart(12, '0')
  return `${text.slice(0, 8)}-${text.slice(8)}`
}

function apply(offset: number, message: CouponMessage): void {
  applyRecord({ partition, offset, appendedAt: 1_770_000_000_000, value: encodeMessage(message) })
}

function applyRecord(record: Stored): void {
  const read = readRecord(fold, record)
  if (read.kind !== 'message') throw new Error(`record ${record.offset} is ${read.kind}`)
  const command = read.message
  if (isClaim(command)) applyCommand(fold, command)
  else applyCommand(fold, command)
}

function memory(): { heap: number; buffers: number } {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heap: heapUsed, buffers: arrayBuffers }
}
