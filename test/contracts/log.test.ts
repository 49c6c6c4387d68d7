// Runs the log contract on every adapter of the port.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { type LogFile, openLogFile } from '../../src/adapters/log-file/log-file.ts'
import { connectLog, serveLog } from '../../src/adapters/log-file/thread.ts'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import { contractTopics, logContract } from './log.ts'

const clock = systemClock()

logContract('memory', { outlivesItsProcess: false }, async () => {
  const log = openLogMemory({ topics: contractTopics, clock })
  return { log, close: log.close }
})

logContract('file', { outlivesItsProcess: true }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-log-'))
  const open = () => openLogFile({ directory, topics: contractTopics, clock })
  let log = await open()
  return {
    log,
    async reopen() {
      await log.close()
      log = await open()
      return log
    },
    async close() {
      await log.close()
      await rm(directory, { recursive: true })
    },
  }
})

logContract('file, seen from another thread', { outlivesItsProcess: false }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-log-'))
  const { port1, port2 } = new MessageChannel()
  let tell: ReturnType<typeof serveLog> = () => {}
  const owner: LogFile = await openLogFile({
    directory,
    topics: contractTopics,
    clock,
    onAcknowledged: (topic, end) => tell(topic, end),
  })
  tell = serveLog(owner, port1)
  const ends = { claims: owner.end('claims'), events: owner.end('events') }
  const parts = { directory, topics: contractTopics, ends, frames: {}, port: port2, clock }
  const log = connectLog(parts)
  return {
    log,
    async close() {
      await log.close()
      await owner.close()
      await rm(directory, { recursive: true })
    },
  }
})
