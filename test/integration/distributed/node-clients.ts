// People who claim through any of some API nodes and go to another when theirs is gone; and the
// ledger of what they were told. A time-out, a reset, a 5xx or a 'pending' is no answer in it:
// whoever gets one asks again until told yes or no.

import assert from 'node:assert/strict'
import { Crowd, type Told } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'

/** `sentAt` and `at`: milliseconds of one clock, the monotonic one. */
export type Ask = Told & { couponId: string; user: string; node: number; sentAt: number }

/** Everything heals within this. */
const definiteMsMax = 60_000
/** Who has tried every node in vain breathes before the next round. */
const betweenRoundsMs = 100

export class NodeClients {
  /** In the order of the answers. */
  readonly asks: Ask[] = []
  /** The highest that anybody was told of. */
  slotMax = 0
  private readonly crowds: Crowd[]

  constructor(nodes: readonly RoleProcess[], connections = 256) {
    this.crowds = nodes.map((node) => new Crowd(node, connections))
  }

  crowd(node: number): Crowd {
    const crowd = this.crowds[node % this.crowds.length]
    assert.ok(crowd)
    return crowd
  }

  /** A node that came back has another address. */
  moved(node: number, role: RoleProcess): Promise<void> {
    return this.crowd(node).moveTo(role)
  }

  async ask(couponId: string, user: string, node = 0): Promise<Ask> {
    const sentAt = performance.now()
    const told = await this.crowd(node).claim(couponId, user)
    const ask = { ...told, couponId, user, node: node % this.crowds.length, sentAt }
    this.asks.push(ask)
    this.slotMax = Math.max(this.slotMax, told.slot ?? 0)
    return ask
  }

  async askUntilDefinite(couponId: string, user: string, node = 0): Promise<Ask> {
    const deadline = performance.now() + definiteMsMax
    for (let turn = 0; ; turn++) {
      const ask = await this.ask(couponId, user, node + turn)
      if (isDefinite(ask)) return ask
      assert.ok(['unknown', 'pending'].includes(ask.outcome), `${user} is told ${ask.outcome}`)
      assert.ok(
        performance.now() < deadline,
        `${user} is still told ${ask.outcome} (${ask.status})`,
      )
      if ((turn + 1) % this.crowds.length === 0) await sleep(betweenRoundsMs)
    }
  }

  async close(): Promise<void> {
    for (const crowd of this.crowds) await crowd.close()
  }
}

export function isDefinite({ outcome }: Told): boolean {
  return outcome === 'issued' || outcome === 'sold-out'
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** So many of them at once. */
export async function inChunks<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    await Promise.all(items.slice(from, from + atOnce).map(act))
  }
}

export type Steady = {
  /** Resolves when whoever came has been told yes or no. */
  stop(): Promise<void>
}
export type SteadyOptions = { perSecond: number; couponIds: readonly string[]; name: string }

/** New people come at a steady rate, however slowly they are answered. */
export function claimSteadily(clients: NodeClients, options: SteadyOptions): Steady {
  const { perSecond, couponIds, name } = options
  const asking: Promise<unknown>[] = []
  let stopped = false
  const startedAt = performance.now()

  function arrive(): void {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (asking.length < due) {
      const n = asking.length
      const couponId = couponIds[n % couponIds.length] ?? ''
      asking.push(clients.askUntilDefinite(couponId, `${name}-${n}`, n))
    }
  }
  const arrivals = (async () => {
    while (!stopped) {
      arrive()
      await sleep(5)
    }
  })()
  return {
    async stop() {
      stopped = true
      await arrivals
      await Promise.all(asking)
    },
  }
}

/** Of how long they took: the part `p` (0 … 1) took no longer than this. */
export function latencyMs(asks: readonly Ask[], p: number): number {
  const sorted = asks.map(({ sentAt, at }) => at - sentAt).toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0)
}

/** For the reader of the test's output: each outcome and status, and how often. */
export function tally(asks: readonly Ask[]): string {
  const counts = new Map<string, number>()
  for (const { outcome, status } of asks) {
    const name = outcome === 'unknown' ? `unknown ${status || 'no answer'}` : outcome
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
}
