// The thin handle over one SQL database that the stores are written against, so that one store
// serves PGlite and PostgreSQL. Rows are arrays in the order of the statement's columns: objects
// with a name for every field cost more than the query. Every method rejects with a PortError.

import { PortError } from '../../ports/port-error.ts'

/** One file of sql/statements. Its name is unique, so that a session prepares it only once. */
export type Statement = { name: string; text: string }

export type SqlScalar = string | number | boolean | null
export type SqlValue = SqlScalar | readonly SqlScalar[]
/**
 * int2, int4, int8 and oid arrive as numbers (an int8 beyond 2^53 is refused), bool as booleans,
 * everything else as text.
 */
export type SqlRow = readonly SqlScalar[]
/** `count`: how many rows were returned or changed. */
export type QueryResult = { rows: SqlRow[]; count: number }

export type Queryable = {
  query(statement: Statement, values?: readonly SqlValue[]): Promise<QueryResult>
}
export type Session = Queryable & {
  /** Runs several statements without parameters; what they return is dropped. */
  script(text: string): Promise<void>
  /**
   * Sends rows to a `copy … from stdin` and resolves to how many they were: the fastest way to
   * insert many. Absent where the adapter cannot.
   */
  copy?(statement: Statement, rows: readonly SqlRow[]): Promise<number>
}
/** A snapshot sees all its queries as of one moment and writes nothing. */
export type TransactionKind = 'write' | 'snapshot'
export type Database = Omit<Session, 'copy'> & {
  /** Commits when `run` resolves, rolls back when it rejects, and then rejects with its error. */
  transaction<T>(run: (session: Session) => Promise<T>, kind?: TransactionKind): Promise<T>
  /** One transaction with what others want at about this moment. Absent where there is nobody. */
  together?<T>(member: JointMember<T>): Promise<T>
  /** Resolves when what was asked before has been answered; what is asked later is refused. */
  close(): Promise<void>
}
/**
 * `name`: members lock in the order of their names. `isPatient`: it may wait for company. `run` may
 * be called again, with no effect.
 */
export type JointMember<T> = {
  name: string
  isPatient: boolean
  run(session: Session): Promise<T>
}

/** What a server says went wrong. `sqlState`: five characters, PostgreSQL appendix A. */
export type SqlFailure = {
  sqlState: string
  message: string
  detail?: string | undefined
  constraint?: string | undefined
}

export function sqlError(failure: SqlFailure): PortError {
  const { sqlState, message, detail, constraint } = failure
  const fired = constraint === undefined ? '' : `constraint ${constraint} fired: `
  const text = `${fired}${message}${detail === undefined ? '' : ` (${detail})`} [${sqlState}]`
  if (mayPass(sqlState)) return unavailable(text)
  return new PortError('store_broken', text, { isOfTable: isOfTable(sqlState) })
}

/** It may be asked again. */
export function unavailable(text: string, cause?: unknown): PortError {
  return new PortError('store_unavailable', text, { retryable: true, cause })
}

export function databaseClosed(): PortError {
  return new PortError('store_unavailable', 'the database is closed')
}

export function tooManyCallers(): PortError {
  return unavailable('the database has too many callers')
}

export type TransactionParts = {
  kind: TransactionKind | undefined
  /** Resolves to the command that the server has done. */
  execute(command: string): Promise<string>
  /** Called where it cannot be rolled back. */
  onStuck?(error: PortError): void
}

export async function runTransaction<T>(
  { kind = 'write', execute, onStuck }: TransactionParts,
  run: () => Promise<T>,
): Promise<T> {
  await execute(beginCommands[kind])
  let result: T
  try {
    result = await run()
  } catch (error) {
    // What `run` said matters more than a second failure on the way back.
    await execute('rollback').catch((stuck: PortError) => onStuck?.(stuck))
    throw error
  }
  if ((await execute('commit')) === 'COMMIT') return result
  // The server answered by rolling back.
  throw new PortError('store_broken', 'rolled back: an error in the transaction was ignored')
}

const beginCommands: Readonly<Record<TransactionKind, string>> = {
  write: 'begin',
  snapshot: 'begin isolation level repeatable read, read only',
}

/**
 * Classes of failures that lie in the moment, not in the statement: connection (08), rollback
 * for another's sake (40), resources (53), locks (55), an operator (57), the system (58).
 */
const passingClasses: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58'])
/** A server that has just become read-only, and a transaction that was idle for too long. */
const passingStates: ReadonlySet<string> = new Set(['25006', '25P03'])

/** A name or a right that is missing (42, 3F), and damaged pages or indexes (XX). */
const tableClasses: ReadonlySet<string> = new Set(['3F', '42', 'XX'])

function isOfTable(sqlState: string): boolean {
  return tableClasses.has(sqlState.slice(0, 2))
}

function mayPass(sqlState: string): boolean {
  return passingClasses.has(sqlState.slice(0, 2)) || passingStates.has(sqlState)
}
