// Shares a few connections among many callers, by the pool that comes with pg: in the order of
// asking and never more connections than the limit. What is put round it: a limit of who waits, a
// close that serves whoever had asked, and idle connections that are dropped as soon as one died.

import { EventEmitter } from 'node:events'
import { Pool as PgPool } from 'pg'
import { databaseClosed, tooManyCallers, unavailable } from './database.ts'
import type { PostgresConnection, PostgresLimits } from './postgres-connection.ts'

export type PooledConnection = Pick<PostgresConnection, 'isOpen' | 'close' | 'destroy'>
export type PoolParts<Connection extends PooledConnection> = {
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
  const { limits } = parts
  const idle = new Set<Member<Connection>>()
  const uses = new Set<Promise<unknown>>()
  let goodbyes: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | null = null

  const Client = memberClass({
    connect: () => parts.connect(dropIdle),
    onEnd(member: Member<Connection>, goodbye) {
      idle.delete(member)
      goodbyes = Promise.all([goodbyes, goodbye])
    },
  })
  const pool = new PgPool({
    Client: Client as never,
    max: limits.connectionsMax,
    connectionTimeoutMillis: limits.waitMsMax,
    idleTimeoutMillis: 0,
  })
  pool.on('acquire', (member) => idle.delete(member as never))
  pool.on('release', (_, member) => idle.add(member as never))
  pool.on('error', () => {})

  /** What has ended one connection has mostly ended all: those that are not in use go as well. */
  function dropIdle(): void {
    for (const member of idle) {
      member.opened?.destroy()
      member.emit('error', new Error('the connection was lost'))
    }
  }

  async function useOne<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    if (pool.waitingCount >= limits.waitingMax) throw tooManyCallers()
    const member = await pool.connect().catch((error: Error) => {
      throw error.message === waitedTooLong ? unavailable(noneFree(limits.waitMsMax)) : error
    })
    const { opened: connection } = member as unknown as { opened: Connection }
    try {
      return await run(connection)
    } finally {
      member.release(!connection.isOpen())
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.allSettled(uses)
    await pool.end()
    await goodbyes
  }

  return {
    async use(run) {
      if (closing !== null) throw databaseClosed()
      const use = useOne(run)
      uses.add(use)
      return use.finally(() => uses.delete(use))
    },
    state() {
      const { totalCount, idleCount, waitingCount } = pool
      return { open: totalCount, busy: totalCount - idleCount, waiting: waitingCount }
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

/** What the pool says to who has waited for too long. */
const waitedTooLong = 'timeout exceeded when trying to connect'

type Member<Connection> = EventEmitter & { opened: Connection | null }

/** As much of a client of pg as its pool knows of it. */
function memberClass<Connection extends PooledConnection>(parts: {
  connect(): Promise<Connection>
  onEnd(member: Member<Connection>, goodbye: Promise<void> | undefined): void
}) {
  return class extends EventEmitter implements Member<Connection> {
    opened: Connection | null = null
    readonly _queryable = true

    async connect(done: (error?: unknown) => void): Promise<void> {
      try {
        this.opened = await parts.connect()
      } catch (error) {
        return done(error)
      }
      done()
    }

    end(done: () => void): void {
      const goodbye = this.opened?.isOpen() ? this.opened.close() : undefined
      parts.onEnd(this, goodbye)
      void Promise.resolve(goodbye).finally(done)
    }

    /** The pool's deadline is for who waits; connecting has one of its own. */
    isConnected(): true {
      return true
    }
  }
}

function noneFree(ms: number): string {
  return `no connection to the database became free within ${ms} ms`
}
