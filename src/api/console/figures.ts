// The figures of the console, over all nodes, second by second, the last five minutes of them. What
// is far away is asked once a second and never waited for: a second goes by whoever is slow.

import type { Logger } from 'pino'
import { formatInstant } from '../../domain/time.ts'
import { type Clock, every, type Moment, within } from '../../ports/clock.ts'
import type {
  ConsoleReader,
  NodeBoard,
  NodeReport,
  OtherNode,
} from '../../ports/console-figures.ts'
import { messageOf } from '../../ports/port-error.ts'
import { between, nodesOf, type Second } from './seconds.ts'
import type { PeopleCount, QuantityOf } from './told-people.ts'
import type { Traffic } from './traffic.ts'

export type FiguresParts = {
  clock: Clock
  newId: () => string
  traffic: Traffic
  logger?: Logger | undefined
  /** Claims that this node has answered since it began, by outcome. */
  claimCounts(): Readonly<Record<string, number>>
  /** How far the log keeps the order of arrival, since this node began. */
  arrivals?(): NodeReport['arrivals']
  isReady(): boolean
  /** Of a coupon that may still be restocked, by its id. */
  quantityOf: QuantityOf
  /** By the log's clock, ms UTC. */
  logTime(): number
  /** By partition of the claims log, what this node has read; undefined before it reads. */
  readUpTo(): readonly number[] | undefined
  /** null while SQL is not up. */
  reader(): ConsoleReader | null
  /** null: not up. Absent: this is the only node. */
  board?: (() => NodeBoard | null) | undefined
}

export const secondsKept = 300
const everyMs = 1_000
/** An answer that is older says nothing of now. */
const staleMs = 5_000
/** A stop waits no longer for a database that is away. */
const leaveMsMax = 1_000

type Asked = {
  at: Moment
  others: readonly OtherNode[]
  /** Records that had no rows at that moment. */
  behind: number | null
  lettersWaiting: number
}

export class Figures {
  private readonly parts: FiguresParts
  private readonly node: string
  private readonly began: Moment
  private readonly kept: Second[] = []
  private before: ReadonlyMap<string, NodeReport> = new Map()
  private asked: Asked | null = null
  private asking: Promise<void> | null = null
  private stop: (() => void) | null = null
  private closing: Promise<void> | null = null

  constructor(parts: FiguresParts) {
    this.parts = parts
    this.node = parts.newId()
    this.began = parts.clock.monotonic()
  }

  /** Once there is something to count. */
  begin(): void {
    this.stop ??= every(this.parts.clock, everyMs, () => this.next())
  }

  seconds(): readonly Second[] {
    return this.kept
  }

  /** null: the rows cannot be read, or where the nodes report. */
  around() {
    const known = this.fresh()
    const ownStartedAgo = this.parts.clock.monotonic() - this.began
    return {
      nodes: known && nodesOf(known.others, ownStartedAgo),
      lettersWaiting: known && known.lettersWaiting,
      database: known === null ? ('away' as const) : ('up' as const),
    }
  }

  /** People who were told sold out since the last restock; null: not known of all nodes. */
  toldSoldOut(couponId: string, quantity: number): PeopleCount | null {
    const { board, traffic } = this.parts
    const others = board === undefined ? [] : this.fresh()?.others
    const told = others?.map(({ report }) => report?.told)
    if (told === undefined || told.includes(undefined)) return null
    const here = told.flatMap((reported) => reported?.[couponId] ?? [])
    return traffic.toldSoldOut.count(couponId, quantity, here)
  }

  close(): Promise<void> {
    const { clock } = this.parts
    const deadline = { clock, ms: leaveMsMax, late: () => {} }
    this.closing ??= within(deadline, this.leave())
    return this.closing
  }

  private async leave(): Promise<void> {
    this.stop?.()
    await this.asking
    // Whoever cannot be told finds out by itself.
    await this.parts
      .board?.()
      ?.leave(this.node)
      .catch(() => {})
  }

  private next(): void {
    const own = this.report()
    const now = new Map([[this.node, own]])
    for (const other of this.asked?.others ?? []) {
      if (other.report !== null) now.set(other.node, other.report)
    }
    if (this.before.size > 0) {
      const at = formatInstant(this.parts.logTime())
      this.kept.push({ at, ...between(this.before, now), behind: this.fresh()?.behind ?? null })
    }
    if (this.kept.length > secondsKept) this.kept.shift()
    this.before = now
    this.asking ??= this.ask(own).finally(() => {
      this.asking = null
    })
  }

  private report(): NodeReport {
    const { traffic } = this.parts
    const counts = [...traffic.latency]
    return {
      claims: { ...this.parts.claimCounts() },
      latency: counts.flatMap((count, bucket) => (count > 0 ? [[bucket, count] as const] : [])),
      tooMany: traffic.tooMany,
      unavailable: traffic.unavailable,
      told: traffic.toldSoldOut.report(this.parts.quantityOf),
      arrivals: { pairs: 0, inversions: 0, ...this.parts.arrivals?.() },
      isReady: this.parts.isReady(),
    }
  }

  private async ask(own: NodeReport): Promise<void> {
    const { clock, logger } = this.parts
    const reader = this.parts.reader()
    const board = this.parts.board?.()
    if (reader === null || board === null) return
    try {
      const [others = [], rowsUpTo, lettersWaiting] = await Promise.all([
        board?.exchange(this.node, own),
        reader.rowsUpTo(),
        reader.lettersWaiting(),
      ])
      const behind = behindOf(this.parts.readUpTo(), rowsUpTo)
      this.asked = { at: clock.monotonic(), others, behind, lettersWaiting }
    } catch (error) {
      logger?.debug({ reason: messageOf(error) }, 'the console has no figures of the rows')
    }
  }

  private fresh(): Asked | null {
    const { asked } = this
    return asked !== null && this.parts.clock.monotonic() - asked.at < staleMs ? asked : null
  }
}

function behindOf(
  read: readonly number[] | undefined,
  rows: ReadonlyMap<number, number>,
): number | null {
  if (read === undefined) return null
  return read.reduce((sum, upTo, partition) => {
    return sum + Math.max(0, upTo - (rows.get(partition) ?? 0))
  }, 0)
}
