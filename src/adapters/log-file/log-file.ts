// The embedded log: one checksummed, append-only file per topic, in one process. Keeps what Log
// promises without a server; see docs/decisions/0001 for why it is not a library's store.

import { open } from 'node:fs/promises'
import { formatInstant } from '../../domain/time.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { AcceptedClock, Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { clockFault, createAppendClock } from '../append-clock.ts'
import { readHighWaterMark } from './acknowledged.ts'
import { scanTopicFile } from './scan.ts'
import {
  createTopicReaders,
  highWaterMarkPath,
  known,
  type TopicReaders,
  type Topics,
  topicPath,
} from './topic-readers.ts'
import { openTopicFile, type TopicEnd, type TopicFile, type WriteDurably } from './topic-writer.ts'

export type LogFileOptions = {
  /** The data directory: files go to `log/`, their high-water marks to `acknowledged/`. */
  directory: string
  topics: Topics
  clock: Clock
  writeDurably?: WriteDurably | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
  /** About the clock of this machine, once each. */
  onWarning?: ((message: string) => void) | undefined
  /** Who says that the clock of this machine is right, though the log says that it is later. */
  acceptClockBy?: string | undefined
  onAcknowledged?: ((topic: string, end: TopicEnd) => void) | undefined
}

export type LogFile = Log & Pick<TopicReaders, 'end' | 'index'>

/**
 * Checks every byte first. Throws log_damaged where acknowledged records cannot be read, or were
 * written by a clock that was far ahead of this one.
 */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const files = new Map<string, TopicFile>()
  const closeAll = async () => {
    for (const file of files.values()) await file.close()
  }
  try {
    return await openFiles(options, files, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function openFiles(
  options: LogFileOptions,
  files: Map<string, TopicFile>,
  close: () => Promise<void>,
): Promise<LogFile> {
  const { directory, topics, clock, onWarning = () => {} } = options
  const appendClock = createAppendClock({ clock, onWarning })
  const { grow, begin, ...readers } = createTopicReaders(directory, topics, clock)
  for (const [topic, partitions] of Object.entries(topics)) {
    const file = await openTopicFile({
      ...options,
      path: topicPath(directory, topic),
      highWaterMarkPath: highWaterMarkPath(directory, topic),
      partitions,
      appendTime: () => appendClock.time(),
      onAcknowledged(end) {
        grow(topic, end)
        options.onAcknowledged?.(topic, end)
      },
    })
    files.set(topic, file)
  }
  appendClock.beginBehind(await settleClock(options, files))
  for (const [topic, file] of files) begin(topic, file.end(), file.index)
  return {
    ...readers,
    append: (topic, entries) => known(files.get(topic), topic).append(entries),
    close,
  }
}

/** The append time behind which this start begins. */
async function settleClock(
  { clock, acceptClockBy: by, onWarning = () => {} }: LogFileOptions,
  files: ReadonlyMap<string, TopicFile>,
): Promise<Instant> {
  const before = Math.max(...[...files.values()].map((file) => file.lastAppendedAt()))
  const fault = clockFault(clock, before)
  if (fault === null) return before
  if (by === undefined) throw new PortError('log_damaged', fault)
  const accepted = { by, at: clock.now(), before }
  for (const file of files.values()) {
    if (file.lastAppendedAt() > accepted.at) await file.acceptClock(accepted)
  }
  const [from, to] = [before, accepted.at].map(formatInstant)
  onWarning(`append times go back from ${from} to ${to}: accepted by ${by}`)
  return accepted.at
}

export type LogFileReader = Pick<Log, 'partitionsOf' | 'bounds' | 'tail'> & {
  /** Over all topics, each once, in their order. */
  acceptedClocks: readonly AcceptedClock[]
}

/**
 * For who reads from outside its process: the log as it stands now, whether or not the service is
 * running. Writes nothing and needs no lock. Throws log_damaged where acknowledged records cannot
 * be read, log_unavailable without a log.
 */
export async function openLogFileReader(
  options: Omit<LogFileOptions, 'writeDurably' | 'onAcknowledged'>,
): Promise<LogFileReader> {
  const { directory, topics, clock, onProgress } = options
  const readers = createTopicReaders(directory, topics, clock)
  const accepted = new Map<number, AcceptedClock>()
  for (const [topic, partitions] of Object.entries(topics)) {
    const path = topicPath(directory, topic)
    // Read before the scan: what is acknowledged later must not be missed by it.
    const acknowledged = readHighWaterMark(highWaterMarkPath(directory, topic))
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new PortError('log_unavailable', `there is no log at ${path}`, { cause })
    })
    try {
      const scan = await scanTopicFile(file, { path, partitions, onProgress })
      if (scan.bytes < acknowledged) {
        const reason = `${scan.torn ?? 'the file ends there'}; ${acknowledged} were acknowledged`
        throw new PortError('log_damaged', `${path} is damaged at byte ${scan.bytes}: ${reason}`)
      }
      readers.begin(topic, scan, scan.index)
      for (const one of scan.acceptedClocks) accepted.set(one.at, one)
    } finally {
      await file.close()
    }
  }
  const acceptedClocks = [...accepted.values()].toSorted((a, b) => a.before - b.before)
  return { ...readers, acceptedClocks }
}
