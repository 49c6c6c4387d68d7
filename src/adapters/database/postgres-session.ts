// How a session with a PostgreSQL server begins, and what makes a server unfit however long it is
// waited for: another encoding, an old version, a pooler that gives a session to several clients in
// turn. Such a pooler shows itself: a session that was never reset still has the name that another
// client gave it.

import { randomUUID } from 'node:crypto'
import type { QueryConfig } from 'pg'
import { PortError } from '../../ports/port-error.ts'
import type { SqlScalar } from './database.ts'
import { loadStatements } from './statements.ts'

export type SessionLimits = {
  statementMsMax: number
  lockMsMax: number
  idleInTransactionMsMax: number
  keepAliveMs: number
}

/** PostgreSQL 15: the oldest that is tested. */
const versionMin = 150_000

export function beginSession(limits: SessionLimits): QueryConfig & { rowMode: 'array' } {
  const { text } = loadStatements(['begin-session'])['begin-session']
  // Three questions without an answer end it, in as long again as it was silent before.
  const idleSeconds = Math.ceil(limits.keepAliveMs / 1_000)
  const values = [
    randomUUID(),
    limits.statementMsMax,
    limits.lockMsMax,
    limits.idleInTransactionMsMax,
    idleSeconds,
    Math.ceil(idleSeconds / 3),
  ]
  return { text, values: values.map(String), rowMode: 'array' }
}

/** `row`: what `begin-session` has answered. */
export function refuseIfUnfit(place: string, [before, encoding, version]: readonly SqlScalar[]) {
  const refuse = (reason: string) => {
    throw new PortError('store_broken', `${place} ${reason}`)
  }
  if (encoding !== 'UTF8') {
    const remedy = "create database … encoding 'UTF8' template template0"
    refuse(`has the encoding ${encoding}, which cannot hold every name: ${remedy}`)
  }
  if (Number(version) < versionMin) {
    refuse(`is too old (${version}): it must be PostgreSQL 15 or newer`)
  }
  if (before !== null) refuse(sharedSession)
}

const sharedSession =
  'is behind a pooler that gives a session to several clients in turn: ' +
  'set it to pool_mode = session, or name the server itself'

/** Of what a server or a pooler said; null: it may pass, or speaks for itself. */
export function permanentReason(sqlState: string, message: string): string | null {
  // A statement that was prepared in another session than it is used in.
  if (sqlState === '26000' || sqlState === '42P05') return `${message}; it ${sharedSession}`
  // Poolers say all that they have to say in the class of broken connections.
  return sqlState === '08P01' && poolerRefusal.test(message) ? message : null
}

const poolerRefusal = /no such (database|user)|authentication failed|not allowed|SSL required/i
