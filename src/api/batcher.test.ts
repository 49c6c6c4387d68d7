import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { Log, LogEntry } from '../ports/log.ts'
import { createAppendBatcher } from './batcher.ts'

const partitions = 4

test('records of several partitions that wait for the next append leave in one turn', async () => {
  const clock = virtualClock(0)
  /** By turn, the partitions that were appended to. */
  const turns: number[][] = []
  let turn: number[] | null = null
  const log = {
    partitionsOf: () => partitions,
    async append(_topic, [first]) {
      if (turn === null) {
        turn = []
        turns.push(turn)
        queueMicrotask(() => {
          turn = null
        })
      }
      turn.push(partitionFor(first?.key ?? '', partitions))
      return []
    },
  } as Pick<Log, 'partitionsOf' | 'append'> as Log
  const limits = { perBatchMax: 100, waitingMax: 100, everyMsMin: 40 }
  const told = { onRefused: () => assert.fail('refused'), onError: assert.fail }
  const batcher = createAppendBatcher<LogEntry>({ ...limits, ...told, log, topic: 'orders', clock })
  const add = (key: string) => batcher.add({ key, value: Buffer.from('{}') })

  add('alone')
  await clock.runUntil(0)
  assert.equal(turns.length, 1, 'who comes alone waits for nothing')
  for (let n = 0; n < 40; n++) {
    add(`order-${n}`)
    await clock.runUntil(n)
  }
  assert.equal(turns.length, 1)
  await clock.runUntil(40)
  assert.equal(turns.length, 2)
  assert.deepEqual(turns[1]?.toSorted(), [0, 1, 2, 3])
  await batcher.drained()
})
