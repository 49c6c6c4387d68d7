// One run of a PGlite engine: prepares each statement once, keeps to the protocol, and knows
// when the server has stopped. It has no queue: whoever uses it asks one thing at a time.

import assert from 'node:assert/strict'
import type { PGlite } from '@electric-sql/pglite'
import { messageOf } from '../../ports/port-error.ts'
import {
  type Database,
  runTransaction,
  type Session,
  type SqlValue,
  type Statement,
  sqlError,
} from './database.ts'
import {
  type Columns,
  executeMessage,
  prepareMessage,
  type Reply,
  readReply,
  scriptMessage,
} from './pglite-wire.ts'

export type PgliteSession = Omit<Database, 'close'> & {
  checkpointDue(): boolean
  checkpoint(): Promise<void>
  /** Why the server has stopped; null while it runs. */
  stopped(): string | null
  close(): Promise<void>
}

/**
 * Nothing in PGlite writes a checkpoint while it runs: its write-ahead log would grow for ever, and
 * a start after a kill would replay all of it. Sent bytes stand for written ones (about a quarter
 * of them): 4 MiB are about 35,000 rows, replayed in a fraction of a second.
 */
const bytesPerCheckpointMax = 4 * 1024 * 1024

export function startPgliteSession(engine: PGlite): PgliteSession {
  const { exchange, stopped } = createExchange(engine)
  const prepared = new Map<string, { text: string; columns: Columns }>()
  let bytesSinceCheckpoint = 0

  async function columnsOf(statement: Statement): Promise<Columns> {
    const { name, text } = statement
    const known = prepared.get(name)
    assert(known === undefined || known.text === text, `two statements are named ${name}`)
    if (known !== undefined) return known.columns
    const { columns } = await exchange(prepareMessage(statement))
    prepared.set(name, { text, columns })
    return columns
  }

  async function execute(statement: Statement, values: readonly SqlValue[] = []): Promise<Reply> {
    const columns = await columnsOf(statement)
    const message = executeMessage(statement.name, values)
    bytesSinceCheckpoint += message.length
    return exchange(message, columns)
  }

  const session: Session = {
    async query(statement, values) {
      const { rows, tag } = await execute(statement, values)
      return { rows, count: Number(tag.slice(tag.lastIndexOf(' ') + 1)) || 0 }
    },
    async script(text) {
      await exchange(scriptMessage(text))
    },
  }

  return {
    ...session,
    transaction(run, kind) {
      const command = async (text: string) => (await execute({ name: text, text })).tag
      return runTransaction({ kind, execute: command }, () => run(session))
    },
    checkpointDue: () => bytesSinceCheckpoint >= bytesPerCheckpointMax,
    async checkpoint() {
      bytesSinceCheckpoint = 0
      await session.script('checkpoint')
    },
    stopped,
    async close() {
      if (stopped() === null) await engine.close()
    },
  }
}

function createExchange(engine: PGlite) {
  let stopped: string | null = null
  return {
    stopped: () => stopped,
    async exchange(message: Uint8Array, columns: Columns = []): Promise<Reply> {
      if (stopped !== null) throw new Error(stopped)
      const chunks: Buffer[] = []
      try {
        // The bytes are in the engine's own memory, which it goes on to overwrite.
        const onRawData = (bytes: Uint8Array) => chunks.push(Buffer.from(bytes))
        await engine.execProtocolRawStream(message, { syncToFs: false, onRawData })
      } catch (error) {
        stopped = messageOf(error)
        throw error
      }
      const reply = readReply(Buffer.concat(chunks), columns)
      if (!reply.ready) stopped = reply.failure?.message ?? 'no answer'
      if (reply.failure !== null) throw sqlError(reply.failure)
      return reply
    },
  }
}
