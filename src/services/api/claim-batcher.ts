// Gathers claims while one append is in flight and sends them together as the next, so that one
// sync serves thousands. Bounded: what does not fit is refused at once, with nothing stored.

import { claimsTopic } from '../../domain/coupons/messages.ts'
import { type Clock, type Log, type LogEntry, PortError } from '../../ports.ts'

export type ClaimBatcherParts = {
  log: Log
  /** Records of one append. Bounds how long the claims of the next must wait for it. */
  claimsPerBatchMax: number
  /** Claims that wait for an append: about a second of work. Beyond it the node says busy. */
  claimsWaitingMax: number
  /** From the start of one append to that of the next, unless the next is full already. */
  appendEveryMsMin: number
  clock: Clock
  onAppended(claims: number, seconds: number): void
  /** Of each claim whose append certainly stored nothing. */
  onRefused(claimId: string, error: PortError): void
  /** The log has failed for good, or its adapter has a bug. */
  onError(error: unknown): void
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
}

export type ClaimBatcher = {
  /** False where too many wait already. */
  add(claimId: string, entry: LogEntry): boolean
  /** Resolves when nothing waits or is in flight. */
  drained(): Promise<void>
}

export function createClaimBatcher(parts: ClaimBatcherParts): ClaimBatcher {
  let claimIds: string[] = []
  let entries: LogEntry[] = []
  let sending: Promise<void> | null = null
  let startedAt = Number.NEGATIVE_INFINITY

  /** Only where one append has just begun: the first claim after a pause leaves at once. */
  async function gather(): Promise<void> {
    const waitMs = startedAt + parts.appendEveryMsMin - parts.clock.now()
    if (waitMs <= 0 || entries.length >= parts.claimsPerBatchMax) return
    await new Promise<void>((resolve) => parts.clock.after(waitMs, resolve))
  }

  async function sendAll(): Promise<void> {
    // One turn later, so that everything asked for in this turn goes together.
    await Promise.resolve()
    while (entries.length > 0) {
      await gather()
      const batch = entries.slice(0, parts.claimsPerBatchMax)
      const ids = claimIds.slice(0, parts.claimsPerBatchMax)
      entries = entries.slice(batch.length)
      claimIds = claimIds.slice(batch.length)
      startedAt = parts.clock.now()
      try {
        parts.crashPoint?.('K6')
        await parts.log.append(claimsTopic, batch)
        parts.onAppended(batch.length, (parts.clock.now() - startedAt) / 1000)
      } catch (error) {
        if (!(error instanceof PortError) || error.code === 'log_failed') parts.onError(error)
        if (!(error instanceof PortError)) continue
        // Where the outcome is unknown the claims may be in the log: only the log can tell.
        if (error.appended === 'no') for (const id of ids) parts.onRefused(id, error)
      }
    }
    sending = null
  }

  return {
    add(claimId, entry) {
      if (entries.length >= parts.claimsWaitingMax) return false
      claimIds.push(claimId)
      entries.push(entry)
      sending ??= sendAll()
      return true
    },
    drained: () => sending ?? Promise.resolve(),
  }
}
