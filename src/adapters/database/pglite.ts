// PostgreSQL in this process (PGlite). It blocks its thread while it works, so it runs in the
// issuer's; it is one session, so everything here takes turns. It never syncs, locks nothing and
// survives a kill of the process but not always the loss of power: a projection that can be
// deleted and rebuilt from the log. Two processes on one directory are kept apart elsewhere.

import type { Clock } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { createSlots } from '../../ports/slots.ts'
import { systemClock } from '../clock-system.ts'
import { type Database, databaseClosed, tooManyCallers, unavailable } from './database.ts'
import { type PgliteSession, startPgliteSession } from './pglite-session.ts'

export type PgliteOptions = {
  /** Absent: in memory, gone when it is closed. */
  directory?: string | undefined
  clock?: Clock | undefined
}

/** Callers that wait for their turn; far more than one process has at work at once. */
const waitingMax = 10_000
/** Each start costs a third of a second and 100 MB, and what stopped it takes people to mend. */
const restartWaitMsMin = 5_000

/**
 * Rejects with 'store_broken' where the directory cannot be opened. Where the server stops later,
 * as it does when the disk is full, its callers are refused until a call starts it again.
 */
export async function openDatabasePglite(options: PgliteOptions = {}): Promise<Database> {
  const { directory, clock = systemClock() } = options
  const turns = createSlots(1)
  let session = await startPgliteSession(directory)
  let startedAt = clock.monotonic()
  let closing: Promise<void> | null = null

  function stoppedError(reason: string): PortError {
    const text = `PGlite (${directory ?? 'in memory'}) has stopped: ${reason}`
    if (directory === undefined) return new PortError('store_broken', text)
    return unavailable(text)
  }

  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (turns.pending() >= waitingMax) throw tooManyCallers()
    return turns.run(run)
  }

  async function turn<T>(run: (session: PgliteSession) => Promise<T>): Promise<T> {
    const stopped = session.stopped()
    if (stopped !== null) {
      const wait = clock.monotonic() - startedAt < restartWaitMsMin
      if (directory === undefined || wait) throw stoppedError(stopped)
      startedAt = clock.monotonic()
      session = await startPgliteSession(directory)
    }
    try {
      return await run(session)
    } catch (error) {
      const reason = session.stopped()
      throw reason === null ? error : stoppedError(reason)
    }
  }

  async function ask<T>(run: (session: PgliteSession) => Promise<T>): Promise<T> {
    if (closing !== null) throw databaseClosed()
    const answer = inTurn(() => turn(run))
    try {
      return await answer
    } finally {
      // The next caller learns why one has failed.
      if (session.checkpointDue()) inTurn(() => turn((it) => it.checkpoint())).catch(() => {})
    }
  }

  return {
    query: (statement, values) => ask((it) => it.query(statement, values)),
    script: (text) => ask((it) => it.script(text)),
    transaction: (run, kind) => ask((it) => it.transaction(run, kind)),
    close() {
      closing ??= inTurn(() => session.close())
      return closing
    },
  }
}
