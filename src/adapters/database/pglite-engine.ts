// Starts PGlite on a directory, whole or not at all, and stops it for good where PostgreSQL itself
// has stopped. Left alone, PGlite would go on calling a server that has panicked (a full disk is
// enough) in a loop without end.

import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { messageOf, PortError } from '../../ports/port-error.ts'
import { unavailable } from './database.ts'

/** `directory` absent: in memory. Rejects with a PortError. */
export async function startEngine(directory: string | undefined): Promise<PGlite> {
  if (directory === undefined) return start(undefined)
  if (await isAbsent(directory)) await create(directory)
  return start(directory)
}

/** What is wrong, and what to do. A full disk passes; anything else is best rebuilt. */
export function engineError(directory: string | undefined, what: string): PortError {
  const text = `the projection (PGlite, ${directory ?? 'in memory'}) ${what}`
  if (directory !== undefined && what.includes('No space left on device')) {
    return unavailable(text)
  }
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
