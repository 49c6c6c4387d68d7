// Takes what its lanes have, batch by batch and one batch at a time, and rests while there is
// nothing. What a batch means is the batch handler's business.

import type { Clock } from '../ports/clock.ts'
import type { LogRecord } from '../ports/coupons.ts'
import { dueAt, dueOf, isSuspect, type Lane } from './partition-queue.ts'

export type TakenRecord = { lane: Lane; record: LogRecord }
export type LoopParts = {
  clock: Clock
  lanes: readonly Lane[]
  signal: AbortSignal
  /** Rejects where the session is over. */
  handle(records: readonly TakenRecord[]): Promise<void>
  /** What there is to do besides, between batches. */
  chore?: { everyMs: number; run(): Promise<void> } | undefined
  /** Called a while after the last batch: nothing else happens meanwhile. */
  settle(): Promise<void>
  /** Lanes have room again. */
  onTaken(): void
}
export type MessageLoop = {
  /** Something waits in a lane, or it is time to stop. */
  wake(): void
  /** Resolves when it has stopped, because the signal was aborted. */
  done: Promise<void>
}

/** Of one transaction: so large that its cost does not count, so small that it is quick. */
const recordsPerBatchMax = 1_000
/** From one batch to the next under load: a transaction costs the same for one record and ten. */
const batchEveryMsMin = 10
/** After the last batch: what was published is stored with the next one as a rule. */
const settleAfterMs = 1_000
/** It is woken by records; this bounds what a bug in that could cost. */
const restMsMax = 5_000

export function startMessageLoop(parts: LoopParts): MessageLoop {
  const { clock, lanes, signal, chore } = parts
  let choreAt = chore === undefined ? Number.POSITIVE_INFINITY : clock.now()
  let settleAt = Number.POSITIVE_INFINITY
  let takeAt = Number.NEGATIVE_INFINITY
  let wake = () => {}
  let woken = false

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (clock.now() >= choreAt) {
        await chore?.run()
        choreAt = clock.now() + (chore?.everyMs ?? 0)
      }
      const records = clock.now() < takeAt ? [] : gather(lanes, clock.now())
      if (records.length > 0) await take(records)
      else if (clock.now() < settleAt) await rest()
      else {
        settleAt = Number.POSITIVE_INFINITY
        await parts.settle()
      }
    }
  }

  async function take(records: readonly TakenRecord[]): Promise<void> {
    takeAt = clock.now() + batchEveryMsMin
    for (const lane of new Set(records.map((taken) => taken.lane))) {
      lane.waiting.splice(0, records.filter((taken) => taken.lane === lane).length)
    }
    parts.onTaken()
    await parts.handle(records)
    settleAt = clock.now() + settleAfterMs
  }

  /** Until it is woken, or until the time of a waiting record or of the chore. */
  function rest(): Promise<void> {
    const times = lanes.map(dueAt).filter((at) => at !== null)
    const due = Math.max(takeAt, Math.min(...times))
    const until = Math.min(due, choreAt, settleAt, clock.now() + restMsMax)
    return new Promise((resolve) => {
      const cancel = clock.after(Math.max(0, until - clock.now()), done)
      wake = done
      if (woken) done()
      function done(): void {
        cancel()
        wake = () => {}
        woken = false
        resolve()
      }
    })
  }

  return {
    wake() {
      woken = true
      wake()
    },
    done: run(),
  }
}

/** A lane that is under suspicion goes alone, the least suspected first; else all share a batch. */
function gather(lanes: readonly Lane[], now: number): TakenRecord[] {
  const ready = lanes.map((lane) => ({ lane, due: dueOf(lane, now) }))
  const able = ready.filter(({ due }) => due.length > 0)
  const [suspect] = able
    .filter(({ lane }) => isSuspect(lane))
    .sort((a, b) => a.lane.caution.tries - b.lane.caution.tries)
  const share = Math.max(1, Math.floor(recordsPerBatchMax / Math.max(1, able.length)))
  return (suspect === undefined ? able : [suspect]).flatMap(({ lane, due }) => {
    return due.slice(0, share).map(({ record }) => ({ lane, record }))
  })
}
