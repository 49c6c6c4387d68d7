// Takes what its queues have, batch by batch and one batch at a time, and rests while there is
// nothing. What a batch means is the batch handler's business.

import { type Clock, RecentLoad } from '../ports/clock.ts'
import type { LogRecord } from '../ports/log.ts'
import { dueAt, dueOf, isTriedAlone, type PartitionQueue } from './partition-queue.ts'

/** `isPatient`: nobody waits for what it means. */
export type TakenRecord = { queue: PartitionQueue; record: LogRecord; isPatient?: boolean }
export type LoopParts = {
  clock: Clock
  queues: readonly PartitionQueue[]
  signal: AbortSignal
  /** Rejects where the session is over. */
  handle(records: readonly TakenRecord[]): Promise<void>
  /** What there is to do besides, between batches; resolves to when it is to be run again. */
  task?: (() => Promise<number>) | undefined
  /** Called a while after the last batch: nothing else happens meanwhile. */
  settle(): Promise<void>
  /** Queues have become shorter. */
  onTaken(): void
}
export type MessageLoop = {
  /** Something waits in a queue. */
  wake(): void
  /** Runs the task within so many milliseconds. */
  wakeTask(ms: number): void
  /** Resolves when it has stopped, because the signal was aborted. */
  done: Promise<void>
}

/** Of one transaction: so large that its cost does not count, so small that it is quick. */
const recordsPerBatchMax = 1_000
/** From one batch to the next under load: a transaction costs the same for one record and ten. */
const batchEveryMsMin = 10
/**
 * After the last batch: what was published is stored with the next one as a rule. Until it is, an
 * audit cannot know that all of it must be in the log.
 */
export const settleAfterMs = 2_000
/** It is woken by records; this bounds what a bug in that could cost. */
const restMsMax = 5_000

export function startMessageLoop(parts: LoopParts): MessageLoop {
  const { clock, queues, signal, task } = parts
  let taskAt = task === undefined ? Number.POSITIVE_INFINITY : clock.monotonic()
  let settleAt = Number.POSITIVE_INFINITY
  let takeAt = Number.NEGATIVE_INFINITY
  let isWoken = false
  let wakeUp = () => {}
  const load = new RecentLoad(clock)

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (task !== undefined && clock.monotonic() >= taskAt) {
        // Woken while it runs, it is run again.
        taskAt = Number.POSITIVE_INFINITY
        const nextMs = await task()
        taskAt = Math.min(taskAt, clock.monotonic() + nextMs)
      }
      const records = clock.monotonic() < takeAt ? [] : nextBatch(queues, clock.monotonic())
      if (records.length > 0) await take(records)
      else if (clock.monotonic() < settleAt) await rest()
      else {
        settleAt = Number.POSITIVE_INFINITY
        await parts.settle()
      }
    }
  }

  async function take(records: readonly TakenRecord[]): Promise<void> {
    load.took(records.length)
    takeAt = clock.monotonic() + (load.isHigh() ? batchEveryMsMin : 0)
    for (const [queue, own] of Map.groupBy(records, (taken) => taken.queue)) {
      queue.waiting.splice(0, own.length)
    }
    parts.onTaken()
    await parts.handle(records)
    settleAt = clock.monotonic() + settleAfterMs
  }

  /** Until it is woken, or until the time of a waiting record or of the task. */
  async function rest(): Promise<void> {
    const due = Math.max(takeAt, Math.min(...queues.map(dueAt)))
    const until = Math.min(due, taskAt, settleAt, clock.monotonic() + restMsMax)
    if (!isWoken) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wakeUp = resolve
      const cancel = clock.after(Math.max(0, until - clock.monotonic()), resolve)
      await promise
      cancel()
    }
    isWoken = false
  }

  /** For each batch of each topic: signals that are aborted cost as much as what they wake for. */
  function wake(): void {
    isWoken = true
    wakeUp()
  }
  function wakeTask(ms: number): void {
    taskAt = Math.min(taskAt, clock.monotonic() + ms)
    wake()
  }
  signal.addEventListener('abort', wake)
  return { wake, wakeTask, done: run() }
}

/**
 * A record that is tried alone goes first, the one with the fewest tries; else all share, also
 * those that would wait longer for company.
 */
function nextBatch(queues: readonly PartitionQueue[], now: number): TakenRecord[] {
  if (queues.every((queue) => now < dueAt(queue))) return []
  const ready = queues
    .map((queue) => ({ queue, due: dueOf(queue, now) }))
    .filter(({ due }) => due.length > 0)
  const [alone] = ready
    .filter(({ queue }) => isTriedAlone(queue))
    .sort((a, b) => a.queue.detection.tries - b.queue.detection.tries)
  const share = Math.max(1, Math.floor(recordsPerBatchMax / Math.max(1, ready.length)))
  return (alone === undefined ? ready : [alone]).flatMap(({ queue, due }) => {
    return due.slice(0, share).map(({ record, patienceMs }) => {
      return { queue, record, isPatient: patienceMs > 0 }
    })
  })
}
