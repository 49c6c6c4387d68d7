// What all processes of the distributed profile use while there is nothing to do.

import { setTimeout as pause } from 'node:timers/promises'
import { settled } from '../orders/shop.ts'
import { distributedHome } from '../orders/shop-distributed.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { startBackends } from './backends.ts'

const sizes = { full: 30_000, quick: 5_000 }
/** Kafka compiles what it has run often, and members beat quicker after a start: not idle yet. */
const restsMs = { full: 60_000, quick: 15_000 }

export async function measureIdle(options: PartOptions): Promise<PartReport> {
  const backends = await startBackends()
  try {
    const home = await distributedHome(backends)
    return await options.bounded(measureOf(home, options.quick ? 'quick' : 'full'))
  } finally {
    await backends.stop()
  }
}

type Home = Awaited<ReturnType<typeof distributedHome>>

async function measureOf(home: Home, size: keyof typeof sizes): Promise<PartReport> {
  const durationMs = sizes[size]
  const shop = await home.open()
  try {
    await settled(shop)
    await pause(restsMs[size])
    const meter = shop.meter()
    await pause(durationMs)
    const used = Object.entries(meter()).map(([name, seconds]) => {
      return [name, (seconds / durationMs) * 1_000_000] as const
    })
    const idleMs = used.reduce((sum, [, ms]) => sum + ms, 0)
    const each = used.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ')
    const text =
      `nothing to do, ${durationMs / 1_000} s: ${idleMs.toFixed(1)} processor ms a second` +
      ` (${each})\n`
    return { text, figures: { idleMs }, voids: [], report: Object.fromEntries(used) }
  } finally {
    await shop.close()
  }
}
