// A PostgreSQL server (15 or later) as a Database. It connects when it is first asked and again
// whenever it must, so starting does not need the server. What fails because of the server or the
// way to it is 'store_unavailable' and may be asked again, also a commit whose answer was lost:
// the caller cannot know whether it took place, and the position in the same transaction tells.
// Behind a pooler: one that keeps a session for each client, as statements are prepared in it; any
// other is refused at the first connection.

import assert from 'node:assert/strict'
import { Client } from 'pg'
import type { Clock } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import type { Database, Statement } from './database.ts'
import {
  type ConnectParts,
  connectPostgres,
  type PostgresConnection,
  type PostgresLimits,
  postgresLimits,
} from './postgres-connection.ts'
import { createPool, type PoolState } from './postgres-pool.ts'

export type PostgresOptions = {
  /** May hold a password, which no message repeats. */
  url: string
  /** Present: encrypted, and the certificate must be of `ca` (PEM) or of the system's. */
  tls?: { ca?: string } | undefined
  clock: Clock
  limits?: Partial<PostgresLimits> | undefined
  /** The server went away; once for each time, and as early as it is noticed. */
  onWarning?: ((message: string) => void) | undefined
}
export type PostgresState = PoolState & {
  /** Whether what was last asked reached the server; false until it did. While not, it is asked. */
  reachable: boolean
  /** How often the server could not be reached, or a connection to it was lost. */
  failures: number
  lastError: string | null
}
export type PostgresDatabase = Database & { state(): PostgresState }

const lookAgainMs = 2_000
/** The server keeps so much of the name of a prepared statement. */
const nameLengthMax = 63

export function startPostgres(options: PostgresOptions): PostgresDatabase {
  const { url, tls, clock, onWarning } = options
  const limits = { ...postgresLimits, ...options.limits }
  const place = placeOf(url)
  const texts = new Map<string, string>()
  // Those that were open went with the one that was lost: this opens one.
  const look = () => use(() => Promise.resolve())
  const reach = watchReach({ clock, onWarning, look })

  const connect = connectorOf({ url, tls, place, clock, limits })
  const pool = createPool<PostgresConnection>({
    limits,
    async connect(onLost) {
      try {
        const connection = await connect((error) => {
          reach.failed(error)
          onLost()
        })
        reach.reached()
        return connection
      } catch (error) {
        reach.failed(error)
        throw error
      }
    },
  })

  async function use<T>(run: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const result = await pool.use(run)
    reach.reached()
    return result
  }

  /** In whatever connection it runs, a name means one text. */
  function checkName({ name, text }: Statement): void {
    assert(name.length <= nameLengthMax, `the server would cut the name ${name} off`)
    const known = texts.get(name)
    assert(known === undefined || known === text, `two statements are named ${name}`)
    texts.set(name, text)
  }

  return {
    async query(statement, values) {
      checkName(statement)
      return use((connection) => connection.query(statement, values))
    },
    script: (text) => use((connection) => connection.script(text)),
    transaction: (run, kind) => use((connection) => connection.transaction(run, kind)),
    state: () => ({ ...pool.state(), ...reach.state() }),
    async close() {
      reach.close()
      await pool.close()
    },
  }
}

type Reach = Omit<PostgresState, keyof PoolState>
type ReachParts = Pick<PostgresOptions, 'clock' | 'onWarning'> & { look(): Promise<unknown> }

/** A process that has nothing to ask would say for ever that the server is away: so it looks. */
function watchReach({ clock, onWarning, look }: ReachParts) {
  const state: Reach = { reachable: false, failures: 0, lastError: null }
  let wasReached = false
  let isClosed = false
  let cancelLook: (() => void) | null = null

  function lookAgain(): void {
    if (isClosed) return
    cancelLook ??= clock.after(lookAgainMs, () => {
      cancelLook = null
      if (!state.reachable) look().catch(lookAgain)
    })
  }

  return {
    state: () => state,
    reached(): void {
      state.reachable = true
      wasReached = true
    },
    failed(error: unknown): void {
      if (!(error instanceof PortError)) return
      if (state.reachable || state.failures === 0) onWarning?.(error.message)
      state.failures++
      state.reachable = false
      state.lastError = error.message
      if (wasReached) lookAgain()
    },
    close(): void {
      isClosed = true
      cancelLook?.()
    },
  }
}

/** The first connection has a second one beside it: only two can tell that they share a session. */
function connectorOf(parts: Omit<ConnectParts, 'onLost'>) {
  let isCompared = false
  return async (onLost: ConnectParts['onLost']): Promise<PostgresConnection> => {
    const connection = await connectPostgres({ ...parts, onLost })
    if (isCompared) return connection
    try {
      const beside = await connectPostgres({ ...parts, onLost() {} })
      await beside.close()
      isCompared = true
    } catch (error) {
      // Where there is no room for a second one, the next one to be opened is compared.
      if (!(error instanceof PortError) || !error.retryable) {
        connection.destroy()
        throw error
      }
    }
    return connection
  }
}

/** The errors of parsing hold the URL, and with it the password, so they are not passed on. */
function placeOf(url: string): string {
  try {
    const { host, port, database } = new Client({ connectionString: url })
    return `PostgreSQL at ${host}:${port}/${database ?? ''}`
  } catch {
    throw new PortError('store_broken', 'the URL of PostgreSQL cannot be understood')
  }
}
