// Follows the partitions of a topic from given offsets, with one fetch loop per broker that leads
// some of them. While a broker is away it keeps trying. It ends where what it has read, or wants
// to read, is no longer in the log.

import type { Instant } from '../../ports/clock.ts'
import type { Tail, TailOptions } from '../../ports/coupons.ts'
import type { Cluster } from './cluster.ts'
import { checkFetched, type Following, fetchRecords, Trouble } from './fetch.ts'
import { watchOutage } from './outage.ts'
import { pause } from './pause.ts'
import { decodeBatches } from './record-batch.ts'
import type { FetchedPartition } from './requests.ts'

export function followKafka(cluster: Cluster, options: TailOptions): Tail {
  const followed = [...options.from].map(
    ([partition, next]): Following => ({ partition, next, readEpoch: -1, readAt: 0 }),
  )
  const ended = Promise.withResolvers<void>()
  let isEnded = false

  function end(): void {
    isEnded = true
    ended.resolve()
    readers.cut()
  }

  const reading: Reading = {
    cluster,
    topic: options.topic,
    followed,
    lingerMs: options.lingerMs ?? 0,
    onBatch: options.onBatch,
    ended: ended.promise,
    isEnded: () => isEnded,
    onError(error) {
      if (isEnded) return
      end()
      options.onError(error)
    },
  }
  const readers = createReaders(reading)
  queueMicrotask(() => readers.share())
  return {
    lastReadAt: () =>
      followed.reduce((oldest, { readAt }) => Math.min(oldest, readAt), cluster.clock.now()),
    async close() {
      end()
      await readers.done()
    },
  }
}

type Reading = {
  cluster: Cluster
  topic: string
  followed: readonly Following[]
  lingerMs: number
  onBatch: TailOptions['onBatch']
  ended: Promise<void>
  isEnded(): boolean
  onError(error: unknown): void
}

type Readers = {
  /** Starts a loop for every leader of a followed partition that has none. */
  share(): void
  /** Cuts the connections: what waits for a broker ends now. */
  cut(): void
  done(): Promise<void>
}

function createReaders(reading: Reading): Readers {
  const { cluster, topic, followed, lingerMs, onError } = reading
  const { limits } = cluster
  const links = cluster.newLinks(limits.requestMsMax + limits.fetchMsMax)
  const take = createTaker(reading)
  const loops = new Map<number, Promise<void>>()
  const outage = watchOutage(cluster, topic)
  let rounds = 0

  function nodeOf({ partition }: Following): number {
    return cluster.topic(topic).leaders[partition]?.node ?? -1
  }

  function share(): void {
    if (reading.isEnded()) return
    try {
      for (const node of new Set(followed.map(nodeOf))) {
        if (!loops.has(node)) loops.set(node, read(node).catch(onError))
      }
    } catch (error) {
      onError(error)
    }
  }

  async function read(node: number): Promise<void> {
    for (;;) {
      const led = reading.isEnded() ? [] : followed.filter((state) => nodeOf(state) === node)
      // In the same turn: whoever finds it leading again starts a new loop.
      if (led.length === 0) return void loops.delete(node)
      // Each in turn comes first, so that a long one does not starve the others.
      const turn = rounds++ % led.length
      const wanted = [...led.slice(turn), ...led.slice(0, turn)]
      try {
        const fetched = await fetchRecords(cluster, { topic, node, links, wanted })
        await take(wanted, fetched)
        outage.worked()
        if (lingerMs > 0 && fetched.some(hasRecords)) {
          await pause({ clock: cluster.clock, ms: lingerMs, ended: reading.ended })
        }
      } catch (error) {
        if (reading.isEnded()) continue
        if (!(error instanceof Trouble)) throw error
        await wait(error)
      }
    }
  }

  async function wait(trouble: Trouble): Promise<void> {
    outage.failed(trouble.message)
    await pause({ clock: cluster.clock, ms: limits.retryMs, ended: reading.ended })
    await cluster.refresh().catch(() => {})
    share()
  }

  return {
    share,
    cut: () => links.close(),
    async done() {
      await Promise.all(loops.values())
    },
  }
}

function hasRecords({ records }: FetchedPartition): boolean {
  return records !== null && records.length > 0
}

/** Gives what was fetched to the reader, one batch at a time, each record once. */
function createTaker({ cluster, topic, onBatch, isEnded }: Reading) {
  let giving: Promise<void> = Promise.resolve()

  async function give(state: Following, { records: bytes }: FetchedPartition): Promise<void> {
    if (bytes === null || bytes.length === 0 || isEnded()) return
    const { partition, next: from } = state
    const { records, next, leaderEpoch } = decodeBatches(bytes, { partition, from })
    if (next === from) return
    state.next = next
    state.readEpoch = leaderEpoch
    if (records.length > 0) await onBatch({ partition, records })
  }

  async function takeOne(state: Following, fetched: FetchedPartition, at: Instant): Promise<void> {
    checkFetched(topic, fetched, state.next)
    // A leader's last answer may cross the first of its successor.
    const turn = giving.then(() => give(state, fetched))
    giving = turn.catch(() => {})
    await turn
    if (state.next >= fetched.end) state.readAt = at
  }

  /** What troubles one partition does not keep the others waiting. */
  return async (wanted: readonly Following[], fetched: readonly FetchedPartition[]) => {
    const at = cluster.clock.now()
    let trouble: Trouble | null = null
    for (const part of fetched) {
      const state = wanted.find(({ partition }) => partition === part.partition)
      if (state === undefined) continue
      try {
        await takeOne(state, part, at)
      } catch (error) {
        if (!(error instanceof Trouble)) throw error
        trouble = error
      }
    }
    if (trouble !== null) throw trouble
  }
}
