// One connection to a PostgreSQL server. Every call on it ends: what the server does not answer
// within the deadline has its socket destroyed, because a connection whose other end is gone
// (a pulled cable, a stopped process) says nothing for hours. A connection that was lost stays
// lost; the pool opens another. It has no queue: whoever uses it asks one thing at a time.

import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import {
  Client,
  type ClientConfig,
  type Connection,
  type CustomTypesConfig,
  DatabaseError,
  type QueryConfig,
  type Submittable,
} from 'pg'
import { type Clock, within } from '../../ports/clock.ts'
import { messageOf, PortError } from '../../ports/port-error.ts'
import {
  type Database,
  runTransaction,
  type Session,
  type SqlRow,
  type SqlScalar,
  sqlError,
  unavailable,
} from './database.ts'
import { beginSession, permanentReason, refuseIfUnfit } from './postgres-session.ts'
import { boolType, copyText, integerTypes, numberTooLarge, parameterText } from './text.ts'

export type PostgresConnection = Database & {
  isOpen(): boolean
  destroy(): void
}
export type ConnectParts = {
  url: string
  tls: { ca?: string } | undefined
  /** For messages: where the server is, without a secret. */
  place: string
  clock: Clock
  limits: PostgresLimits
  /** Called once, unless the connection is closed or destroyed from here. */
  onLost(error: PortError): void
}

/** How much is asked of a server, and how long it is waited for. */
export const postgresLimits = {
  /** Each is a process of the server, which has 100 by default for all clients together. */
  connectionsMax: 8,
  /** Callers that wait for a connection; far more than one process has at work at once. */
  waitingMax: 10_000,
  /** Whoever asks over HTTP has given up by then. */
  waitMsMax: 5_000,
  /** Across an ocean and with TLS it takes less than one second. */
  connectMsMax: 5_000,
  /** The largest batch takes a tenth of a second; what takes a hundred times as long hangs. */
  statementMsMax: 10_000,
  /** Rows are locked by other owners of a partition, for the length of one batch. */
  lockMsMax: 5_000,
  /** An owner that was stopped within a transaction keeps the next one waiting for so long. */
  idleInTransactionMsMax: 5_000,
  /** How long a connection is silent before the other end is asked whether it is still there. */
  keepAliveMs: 15_000,
}
export type PostgresLimits = Readonly<typeof postgresLimits>

/** For `migrate`: building an index over millions of rows takes minutes. */
export const postgresMigrationLimits: Partial<PostgresLimits> = {
  connectionsMax: 1,
  statementMsMax: 30 * 60_000,
  lockMsMax: 60_000,
}

/** How much later than the server's own time-out ours is, so that the server can say so itself. */
const answerReserveMs = 1_000
/** A server that does not hang up by then is not waited for. */
const goodbyeMsMax = 1_000

export async function connectPostgres(parts: ConnectParts): Promise<PostgresConnection> {
  const { limits, place } = parts
  const link = openLink(parts)
  const { client } = link
  let isAsking = false

  async function once<T>(send: () => Promise<T>): Promise<T> {
    assert(!isAsking, 'a connection is asked one thing at a time')
    link.check()
    isAsking = true
    try {
      return await link.answered(limits.statementMsMax + answerReserveMs, 'answered', send())
    } finally {
      isAsking = false
    }
  }

  function ask(query: QueryConfig | ArrayQuery) {
    return once(() => client.query<SqlScalar[]>(query as ArrayQuery))
  }

  const session: Session = {
    async query({ name, text }, values = []) {
      const texts = values.map(parameterText)
      const { rows, rowCount } = await ask({ name, text, values: texts, rowMode: 'array' })
      return { rows, count: rowCount ?? 0 }
    },
    async script(text) {
      await ask({ text })
    },
    copy(statement, rows) {
      const { query, done } = createCopyQuery(statement.text, rows)
      return once(() => {
        client.query(query)
        return done
      })
    },
  }

  await link.connect(async () => {
    const { rows } = await client.query<SqlScalar[]>(beginSession(limits))
    refuseIfUnfit(place, rows[0] ?? [])
  })
  return {
    ...session,
    transaction(run, kind) {
      const execute = async (text: string) => (await ask({ text })).command
      // A server that cannot be reached rolls back by itself.
      return runTransaction({ kind, execute, onStuck: link.lose }, () => run(session))
    },
    isOpen: link.isOpen,
    close: link.close,
    destroy: link.destroy,
  }
}

/** The socket, and what is known of its end. */
function openLink(parts: ConnectParts) {
  const { place, clock, limits } = parts
  const socket = new Socket()
  const client = new Client(clientConfig(parts, socket))
  let lost: PortError | null = null
  let onLost: ConnectParts['onLost'] | null = null

  function lose(error: PortError): void {
    if (lost !== null) return
    lost = error
    socket.destroy()
    onLost?.(error)
  }

  // However the connection ends, also while nothing is asked.
  client.on('error', (error) => lose(failureOf(error, place)))
  client.on('end', () => lose(unavailable(`${place} has ended the connection`)))

  async function answered<T>(ms: number, what: string, answer: Promise<T>): Promise<T> {
    function late(): never {
      const error = unavailable(`${place} has not ${what} within ${ms} ms`)
      lose(error)
      throw error
    }
    try {
      return await within({ clock, ms, late }, answer)
    } catch (error) {
      const failure = lost ?? failureOf(error, place)
      if (endsConnection(error)) lose(failure)
      throw failure
    }
  }

  return {
    client,
    answered,
    lose,
    isOpen: () => lost === null,
    check(): void {
      if (lost !== null) throw lost
    },
    /** `begin`: what is asked first; what it throws refuses the connection. */
    async connect(begin: () => Promise<void>): Promise<void> {
      try {
        await answered(limits.connectMsMax, 'let anybody in', client.connect().then(begin))
        onLost = parts.onLost
      } finally {
        if (onLost === null) socket.destroy()
      }
    },
    /** Says goodbye, and does not wait long for the answer. */
    async close(): Promise<void> {
      onLost = null
      await answered(goodbyeMsMax, 'hung up', client.end()).catch(() => {})
      socket.destroy()
    },
    destroy(): void {
      onLost = null
      lose(unavailable('the connection was given up'))
    },
  }
}

/** While the server stores these, the next ones are made. */
const rowsPerChunkMax = 100

/**
 * COPY … FROM STDIN, which pg has not, but it lets a query of one's own speak to the connection.
 * Everything is sent without waiting to be asked for it: a server that refuses the statement
 * drops the rows, and the others need one round trip less.
 */
function createCopyQuery(text: string, rows: readonly SqlRow[]) {
  const done = Promise.withResolvers<number>()
  let count = 0
  const query: CopySubmittable = {
    submit(pgConnection) {
      const connection = pgConnection as CopyConnection
      connection.query(text)
      for (let at = 0; at < rows.length; at += rowsPerChunkMax) {
        connection.sendCopyFromChunk(Buffer.from(copyText(rows.slice(at, at + rowsPerChunkMax))))
      }
      connection.endCopyFrom()
    },
    handleCopyInResponse() {},
    handleCommandComplete(message) {
      count = Number(message.text.slice('COPY '.length))
    },
    handleReadyForQuery: () => done.resolve(count),
    handleError: done.reject,
  }
  return { query, done: done.promise }
}

/** What pg has, though its types do not say so. */
type CopyConnection = Connection & {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}
type CopySubmittable = Submittable & {
  handleCopyInResponse(): void
  handleCommandComplete(message: { text: string }): void
  handleReadyForQuery(): void
  handleError(error: Error): void
}

type ArrayQuery = QueryConfig & { rowMode: 'array' }

function clientConfig({ url, tls, limits }: ConnectParts, socket: Socket): ClientConfig {
  return {
    ...(tls === undefined ? { connectionString: url } : encrypted(url, tls)),
    application_name: 'firstcome',
    stream: () => socket,
    types: { getTypeParser: parserOf as CustomTypesConfig['getTypeParser'] },
    // Both ends ask after each other, or a connection that is idle and dead is never noticed.
    keepAlive: true,
    keepAliveInitialDelayMillis: limits.keepAliveMs,
  }
}

/** What the URL says of encryption would win over what is given here. */
function encrypted(url: string, tls: { ca?: string }): ClientConfig {
  const plain = new URL(url)
  const names = Array.from(plain.searchParams.keys()).filter((name) => name.startsWith('ssl'))
  for (const name of names) plain.searchParams.delete(name)
  return { connectionString: plain.href, ssl: { ...tls, rejectUnauthorized: true } }
}

function parserOf(type: number): (text: string) => SqlScalar {
  if (type === boolType) return (text) => text === 't'
  return integerTypes.has(type) ? integerOf : (text) => text
}

function integerOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw numberTooLarge(text)
}

function failureOf(error: unknown, place: string): PortError {
  if (error instanceof PortError) return error
  if (error instanceof DatabaseError && error.code !== undefined) {
    const { code, message, detail, constraint } = error
    const permanent = permanentReason(code, message)
    if (permanent !== null) return new PortError('store_broken', `${place}: ${permanent}`)
    return sqlError({ sqlState: code, message, detail, constraint })
  }
  const reason = reasonOf(error)
  if (/password must be a/.test(reason)) {
    return new PortError('store_broken', `${place} asks for a password, and its URL has none`)
  }
  if (/^SASL|SSL connection/.test(reason) || isForeign(reason)) {
    return new PortError('store_broken', `${place}: ${reason}`)
  }
  return unavailable(`${place} cannot be reached: ${reason}`, error)
}

/** Nobody known has signed for it; one that is only out of its time may be renewed. */
function isForeign(reason: string): boolean {
  return /certificate|altname/.test(reason) && !/expired|not yet valid/.test(reason)
}

/** Where a name has several addresses, each has failed for itself, and the whole says nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return messageOf(error)
}

/**
 * All that the server has not said, and the classes after which it hangs up: connection (08), an
 * operator (57P), a transaction that was idle or open for too long (25P03, 25P04).
 */
function endsConnection(error: unknown): boolean {
  if (error instanceof DatabaseError) return /^(08|57P|25P0[34])/.test(error.code ?? '')
  return !(error instanceof PortError)
}
