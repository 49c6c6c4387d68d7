// The events of wins for a rehearsal, from the log that this command can read itself: the files of
// the service's directory, or Kafka. Only what came since is read; nothing is written.

import { existsSync } from 'node:fs'
import { systemClock } from '../../../adapters/clock-system.ts'
import { openLogFileReader } from '../../../adapters/log-file/log-file.ts'
import { topicPath } from '../../../adapters/log-file/topic-readers.ts'
import type { LogReader } from '../../../audit/orders/read-log.ts'
import type { Settings } from '../../../config/settings.ts'
import { claimsTopic, couponEventsTopic } from '../../../domain/coupons/messages.ts'
import type { LogBounds, LogRecord } from '../../../ports/log.ts'
import { readToEnd, undecoded } from '../../../ports/partition-reader.ts'
import { PortError } from '../../../ports/port-error.ts'
import type { WinEvents } from '../../../rehearsal/coupons/win-events.ts'
import { embeddedTopics } from '../../roles/topics.ts'

/** `events`: a text where there is no log to read them from. */
export type OpenedEvents = { events: WinEvents | string; close(): Promise<void> }
type EventsLog = { read(): Promise<LogReader>; close(): Promise<void> }

export async function openWinEvents(settings: Settings): Promise<OpenedEvents> {
  try {
    const log = await openLog(settings)
    if (log === null)
      return unread(`there is no log in ${settings.dataDirectory} to read events of`)
    return { events: await eventsSince(log), close: () => log.close() }
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    return unread(`the log cannot be read (${error.message})`)
  }
}

function unread(events: string): OpenedEvents {
  return { events, close: async () => {} }
}

const topics = [claimsTopic, couponEventsTopic] as const

/** Null where there is none. */
async function openLog(settings: Settings): Promise<EventsLog | null> {
  if (settings.kafka !== undefined) {
    const { openEventsKafka } = await import('./win-events-kafka.ts')
    const log = await openEventsKafka(settings, topics)
    return { read: async () => log, close: () => log.close() }
  }
  const { dataDirectory: directory } = settings
  if (!topics.every((topic) => existsSync(topicPath(directory, topic)))) return null
  const partitions = Object.fromEntries(topics.map((topic) => [topic, embeddedTopics[topic]]))
  const options = { directory, topics: partitions, clock: systemClock() }
  return { read: () => openLogFileReader(options), close: async () => {} }
}

async function eventsSince(log: EventsLog): Promise<WinEvents> {
  const reader = await log.read()
  const begun = new Map<string, LogBounds[]>()
  for (const topic of topics) begun.set(topic, await reader.bounds(topic))

  async function since(topic: string, take: (record: LogRecord) => void): Promise<void> {
    const reading = await log.read()
    const ends = begun.get(topic) ?? []
    const bounds = (await reading.bounds(topic)).map(({ end }, partition) => {
      return { start: ends[partition]?.end ?? 0, end }
    })
    await readToEnd<LogRecord>({
      log: reading,
      topic,
      bounds,
      decode: undecoded,
      onMessage: take,
    })
  }
  return {
    async of(couponId) {
      let isHere = false
      await since(claimsTopic, ({ key }) => {
        isHere ||= key === couponId
      })
      if (!isHere) return null
      const rows: ReturnType<typeof rowOf>[] = []
      await since(couponEventsTopic, (record) => {
        const isWin = record.headers?.ce_type !== 'coupon.revoked'
        if (record.key === couponId && isWin) rows.push(rowOf(record))
      })
      return rows
    },
  }
}

function rowOf({ value }: LogRecord) {
  const event = JSON.parse(value.toString()) as Record<string, unknown>
  const { slot, userId, claimId, code } = event
  return {
    slot: Number(slot),
    userId: String(userId),
    claimId: String(claimId),
    code: String(code),
  }
}
