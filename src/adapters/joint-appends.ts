// What several consumers of one process append to a topic in one turn of the event loop, in one
// append: what was stored in one transaction is said at once, so that whoever waits for all of it
// is woken once. Where that fails, each is appended by itself; a record may be stored twice anyhow.

import type { Clock } from '../ports/clock.ts'
import type { Log, LogEntry, LogPlace } from '../ports/log.ts'

type Part = {
  entries: readonly LogEntry[]
  resolve(places: LogPlace[]): void
  reject(error: unknown): void
}

export function withJointAppends(log: Log, clock: Clock): Log {
  const waiting = new Map<string, Part[]>()

  async function appendAll(topic: string): Promise<void> {
    const parts = waiting.get(topic) ?? []
    waiting.delete(topic)
    if (parts.length === 1) return appendApart(topic, parts)
    try {
      const places = await log.append(
        topic,
        parts.flatMap(({ entries }) => entries),
      )
      let from = 0
      for (const { entries, resolve } of parts) {
        resolve(places.slice(from, from + entries.length))
        from += entries.length
      }
    } catch {
      appendApart(topic, parts)
    }
  }

  function appendApart(topic: string, parts: readonly Part[]): void {
    for (const { entries, resolve, reject } of parts) {
      log.append(topic, entries).then(resolve, reject)
    }
  }

  return {
    ...log,
    append(topic, entries) {
      const { promise, resolve, reject } = Promise.withResolvers<LogPlace[]>()
      const parts = waiting.get(topic) ?? []
      if (parts.length === 0) {
        waiting.set(topic, parts)
        clock.after(0, () => void appendAll(topic))
      }
      parts.push({ entries, resolve, reject })
      return promise
    },
  }
}
