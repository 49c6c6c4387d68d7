// Gathers records while one append is in flight and sends them together as the next, so that one
// sync serves thousands. Bounded: what does not fit is refused at once, with nothing stored.

import type { Clock } from '../../ports/clock.ts'
import { type Log, type LogEntry, PortError } from '../../ports/coupons.ts'

export type AppendBatcherParts = {
  log: Log
  topic: string
  /** Of one append. Bounds how long those of the next must wait for it. */
  recordsPerBatchMax: number
  /** Records that wait for an append: about a second of work. Beyond it the node says busy. */
  recordsWaitingMax: number
  /** From the start of one append to that of the next, unless the next is full already. */
  appendEveryMsMin: number
  clock: Clock
  onAppended(records: number, seconds: number): void
  /** Of each record whose append certainly stored nothing. */
  onRefused(id: string, error: PortError): void
  /** The log has failed for good, or its adapter has a bug. */
  onError(error: unknown): void
  /** Test-only: called before each append. */
  beforeAppend?: (() => void) | undefined
}

export type AppendBatcher = {
  /** False where too many wait already. */
  add(id: string, entry: LogEntry): boolean
  /** Resolves when nothing waits or is in flight. */
  drained(): Promise<void>
}

export function createAppendBatcher(parts: AppendBatcherParts): AppendBatcher {
  const { topic, recordsPerBatchMax } = parts
  let ids: string[] = []
  let entries: LogEntry[] = []
  let sending: Promise<void> | null = null
  let startedAt = Number.NEGATIVE_INFINITY

  /** Only where one append has just begun: the first record after a pause leaves at once. */
  async function gather(): Promise<void> {
    const waitMs = startedAt + parts.appendEveryMsMin - parts.clock.now()
    if (waitMs <= 0 || entries.length >= recordsPerBatchMax) return
    await new Promise<void>((resolve) => parts.clock.after(waitMs, resolve))
  }

  async function sendAll(): Promise<void> {
    // One turn later, so that everything asked for in this turn goes together.
    await Promise.resolve()
    while (entries.length > 0) {
      await gather()
      const batch = entries.slice(0, recordsPerBatchMax)
      const batchIds = ids.slice(0, recordsPerBatchMax)
      entries = entries.slice(batch.length)
      ids = ids.slice(batch.length)
      startedAt = parts.clock.now()
      try {
        parts.beforeAppend?.()
        await parts.log.append(topic, batch)
        parts.onAppended(batch.length, (parts.clock.now() - startedAt) / 1000)
      } catch (error) {
        if (!(error instanceof PortError) || error.code === 'log_failed') parts.onError(error)
        if (!(error instanceof PortError)) continue
        // Where the outcome is unknown the records may be in the log: only the log can tell.
        if (error.appended === 'no') for (const id of batchIds) parts.onRefused(id, error)
      }
    }
    sending = null
  }

  return {
    add(id, entry) {
      if (entries.length >= parts.recordsWaitingMax) return false
      ids.push(id)
      entries.push(entry)
      sending ??= sendAll()
      return true
    },
    drained: () => sending ?? Promise.resolve(),
  }
}
