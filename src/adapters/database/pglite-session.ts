// One run of a PGlite engine: starts it on a directory, whole or not at all, prepares each
// statement once, keeps to the protocol, and stops for good where PostgreSQL itself has stopped.
// Left alone, PGlite would go on calling a server that has panicked (a full disk is enough) in a
// loop without end. It has no queue: whoever uses it asks one thing at a time.

import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { messageOf, PortError } from '../../ports/port-error.ts'
import {
  type Database,
  runTransaction,
  type Session,
  type SqlValue,
  type Statement,
  sqlError,
  unavailable,
} from './database.ts'
import {
  type Columns,
  executeMessage,
  prepareMessage,
  type Reply,
  readReply,
  scriptMessage,
} from './pglite-wire.ts'

export type PgliteSession = Database & {
  checkpointDue(): boolean
  checkpoint(): Promise<void>
  /** Why the server has stopped; null while it runs. */
  stopped(): string | null
}

/**
 * Nothing in PGlite writes a checkpoint while it runs: its write-ahead log would grow for ever, and
 * a start after a kill would replay all of it. Sent bytes stand for written ones (about a quarter
 * of them): 4 MiB are about 35,000 rows, replayed in a fraction of a second.
 */
const bytesPerCheckpointMax = 4 * 1024 * 1024

/** `directory` absent: in memory. Rejects with a PortError. */
export async function startPgliteSession(directory: string | undefined): Promise<PgliteSession> {
  if (directory !== undefined && (await isAbsent(directory))) await create(directory)
  const engine = await start(directory)
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

/** Nothing is wrong with the rows where the system had none of these to give. */
const shortages = /No space left on device|EMFILE|ENFILE|ENOMEM|Too many open files/i

/** What is wrong, and what to do. A shortage passes; anything else is best rebuilt. */
function engineError(directory: string | undefined, what: string): PortError {
  const text = `the projection (PGlite, ${directory ?? 'in memory'}) ${what}`
  if (directory !== undefined && shortages.test(what)) return unavailable(text)
  return new PortError('store_broken', `${text}. Delete it: it is rebuilt from the log`)
}

async function isAbsent(directory: string): Promise<boolean> {
  try {
    const found = await readdir(directory)
    if (found.includes('PG_VERSION')) return false
    if (found.length > 0) throw engineError(directory, 'is not a PostgreSQL data directory')
    await rmdir(directory)
    return true
  } catch (error) {
    if (isErrnoException(error) && error.code === 'ENOENT') return true
    if (error instanceof PortError) throw error
    throw engineError(directory, `cannot be read: ${messageOf(error)}`)
  }
}

/** Under another name until it is complete: a kill half way would leave what cannot be opened. */
async function create(directory: string): Promise<void> {
  const unfinished = `${directory}.creating`
  await mkdir(dirname(directory), { recursive: true })
  await rm(unfinished, { recursive: true, force: true })
  const engine = await start(unfinished)
  await engine.close()
  await rename(unfinished, directory)
}

/**
 * Without the timer that reports how a recovery goes on: where the recovery fails, it would keep
 * the process and the memory of the engine alive for ever.
 */
const startParams = [...PGlite.defaultStartParams, '-c', 'log_startup_progress_interval=0']

async function start(directory: string | undefined): Promise<PGlite> {
  let lastWords = ''
  const onStderr = (line: string) => {
    const found = /(?:FATAL|PANIC): +(.*)/.exec(line)?.[1]
    if (found !== undefined) lastWords = found
    return false
  }
  try {
    const options = directory === undefined ? {} : { dataDir: directory }
    const engine = await PGlite.create({ ...options, startParams, onStderr })
    stopForGood(engine, () => lastWords)
    return engine
  } catch (error) {
    const reason = isErrnoException(error) || lastWords === '' ? messageOf(error) : lastWords
    throw engineError(directory, `cannot be opened: ${reason}`)
  }
}

/** How the server leaves a statement that failed; PGlite handles it. */
const failedStatementStatus = 100

/**
 * PGlite ignores whatever ends the server's main loop and calls it again until it has read the
 * whole message, which a server that has stopped never does. The one way out of that loop is an
 * error out of `stackRestore`.
 */
function stopForGood(engine: PGlite, lastWords: () => string): void {
  const server = engine.Module
  const runOnce = server._PostgresMainLoopOnce
  server._PostgresMainLoopOnce = () => {
    try {
      runOnce()
    } catch (error) {
      const { status } = error as { status?: number }
      if (status === failedStatementStatus) throw error
      server.stackRestore = () => {
        throw new Error(lastWords() || messageOf(error), { cause: error })
      }
      server._PostgresSendReadyForQueryIfNecessary = () => {}
      server._pgl_pq_flush = () => {}
      throw error
    }
  }
}

function isErrnoException(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}
