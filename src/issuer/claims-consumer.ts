// What the issuer and the maker of proofs are alike: each shares the partitions of the claims log
// with others of its group, and reads them in sessions of its own.

import { type Session, type Share, sharePartitions } from '../consumer/shared-partitions.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { PortError } from '../ports/port-error.ts'

/** What is new is given at once; nobody asks when they have last read. */
export const claimsRestMsMax = 1_000

export type ClaimsConsumer = {
  /** Next offset to apply, by partition that it owns now. */
  positions(): ReadonlyMap<number, number>
  /** Drops all it knows and starts again from what is stored. */
  restart(): void
  close(): Promise<void>
}
type ClaimsConsumerParts = {
  log: Log
  clock: Clock
  observe?: { waiting(error: PortError): void } | undefined
  onError(error: unknown): void
}
type ClaimsSession = Session & { positions: ReadonlyMap<number, number> }

export async function startClaimsConsumer(
  { log, clock, observe, onError }: ClaimsConsumerParts,
  group: string,
  createSession: (share: Share) => ClaimsSession,
): Promise<ClaimsConsumer> {
  const shared = await sharePartitions({
    log,
    clock,
    topic: claimsTopic,
    group,
    createSession,
    onRetry: (error) => observe?.waiting(error),
    onError,
  })
  return {
    positions: () => shared.session()?.positions ?? new Map<number, number>(),
    restart: shared.restart,
    close: shared.close,
  }
}
