// Shares a few connections among many callers: in the order of asking, never more connections
// than the limit, and nobody waits without end. A place is the right to have one connection; it
// goes from caller to caller, with or without the connection in it. Nothing is tried twice here:
// whoever meets a dead connection is told so, and the next caller gets a new one.

import type { Clock } from '../../ports/clock.ts'
import { PortError } from '../../ports/coupons.ts'
import { databaseClosed, tooManyCallers } from './database.ts'
import type { PostgresLimits } from './postgres-limits.ts'

export type PooledConnection = {
  isOpen(): boolean
  close(): Promise<void>
  destroy(): void
}
export type PoolParts<Connection extends PooledConnection> = {
  clock: Clock
  limits: Pick<PostgresLimits, 'connectionsMax' | 'waitingMax' | 'waitMsMax'>
  /** `onLost` is to be called when the connection has died, in use or not. */
  connect(onLost: () => void): Promise<Connection>
}
/** `open`: connections, and those being opened; `busy` of them are in use. */
export type PoolState = { open: number; busy: number; waiting: number }
export type Pool<Connection extends PooledConnection> = {
  use<T>(run: (connection: Connection) => Promise<T>): Promise<T>
  state(): PoolState
  /** Resolves when what was asked before has been answered. */
  close(): Promise<void>
}

export function createPool<Connection extends PooledConnection>(
  parts: PoolParts<Connection>,
): Pool<Connection> {
  const { clock, limits } = parts
  /** The one used last is used first, so that the others may be found dead before they are. */
  const idle: Connection[] = []
  const waiters = createWaiters<Connection | null>(clock, limits)
  const uses = new Set<Promise<unknown>>()
  let open = 0
  let closing: Promise<void> | null = null

  /** What has ended one connection has mostly ended all: those that are not in use go as well. */
  function dropIdle(): void {
    for (const connection of idle.splice(0)) {
      open--
      connection.destroy()
    }
  }

  /** A connection, or null: a place without one. */
  async function takePlace(): Promise<Connection | null> {
    const ready = idle.pop()
    if (ready !== undefined) return ready
    if (open === limits.connectionsMax) return waiters.wait()
    open++
    return null
  }

  function leavePlace(connection: Connection | null): void {
    const place = connection?.isOpen() === true ? connection : null
    if (waiters.hand(place)) return
    if (place === null) open--
    else idle.push(place)
  }

  async function useOne<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    let connection = await takePlace()
    try {
      if (connection?.isOpen() !== true) connection = await parts.connect(dropIdle)
      return await run(connection)
    } finally {
      leavePlace(connection)
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.allSettled(uses)
    open -= idle.length
    await Promise.all(idle.splice(0).map((connection) => connection.close()))
  }

  return {
    async use(run) {
      if (closing !== null) throw databaseClosed()
      const use = useOne(run)
      uses.add(use)
      try {
        return await use
      } finally {
        uses.delete(use)
      }
    },
    state: () => ({ open, busy: open - idle.length, waiting: waiters.count() }),
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

/** Those who wait for a place, in the order of asking; none for longer than the limit. */
function createWaiters<Place>(clock: Clock, limits: WaitLimits) {
  const takers = new Set<(place: Place) => void>()
  return {
    count: () => takers.size,
    async wait(): Promise<Place> {
      if (takers.size >= limits.waitingMax) throw tooManyCallers()
      return new Promise((resolve, reject) => {
        const cancel = clock.after(limits.waitMsMax, () => {
          takers.delete(take)
          reject(noneFree(limits.waitMsMax))
        })
        function take(place: Place): void {
          cancel()
          takers.delete(take)
          resolve(place)
        }
        takers.add(take)
      })
    },
    /** False where nobody waits. */
    hand(place: Place): boolean {
      const [take] = takers
      take?.(place)
      return take !== undefined
    },
  }
}

type WaitLimits = Pick<PostgresLimits, 'waitingMax' | 'waitMsMax'>

function noneFree(ms: number): PortError {
  const text = `no connection to the database became free within ${ms} ms`
  return new PortError('store_unavailable', text, { retryable: true })
}
