// What redemptions cost beside orders: a till reserves coupons and uses them, and users order, in
// turns on one shop, each as fast as it can.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startBackends } from '../distributed/backends.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { measuredText, measureInTurns, type Side } from '../turns/in-turns.ts'
import { customers, measureRedeemed, measureSaturated, type Saturated } from './measures.ts'
import { type Shop, type ShopHome, settled, stock } from './shop.ts'
import { distributedHome } from './shop-distributed.ts'
import { embeddedHome } from './shop-embedded.ts'

const sizes = { full: { rounds: 5, each: 3_000 }, quick: { rounds: 1, each: 500 } }
type Size = (typeof sizes)['full']

export async function measureRedemptions(options: PartOptions): Promise<PartReport> {
  const size = options.quick ? sizes.quick : sizes.full
  const measure = (home: ShopHome) => options.bounded(measureIn(home, size, options))
  if (options.only === 'distributed') {
    const backends = await startBackends()
    try {
      // The table is of one process.
      return { ...(await measure(await distributedHome(backends))), figures: {} }
    } finally {
      await backends.stop()
    }
  }
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  try {
    return await measure(embeddedHome(join(directory, 'shop')))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

type Measure = (shop: Shop, users: ReturnType<typeof customers>) => Promise<Saturated>

async function measureIn(
  home: ShopHome,
  { rounds, each }: Size,
  { say }: PartOptions,
): Promise<PartReport> {
  const shop = await home.open()
  try {
    await settled(shop)
    await stock(shop)
    const side = (name: string, measure: Measure): Side => ({
      name,
      async measure(round) {
        const measured = await measure(shop, customers(`${name}-${round}-`, each))
        const ms = Object.values(measured.processorMs).reduce((sum, value) => sum + value, 0)
        return { perSecond: measured.ordersPerSecond, microseconds: ms * 1_000 }
      },
    })
    const sides = await measureInTurns(
      [side('orders', measureSaturated), side('redemptions', measureRedeemed)],
      { rounds, onRound: (round) => say(`round ${round} of ${rounds}`) },
    )
    const [, redeemed] = sides
    const text = measuredText(`orders and redemptions, ${rounds} rounds in turns, medians`, sides)
    const figures = {
      redemptionsPerSecond: redeemed?.perSecond ?? Number.NaN,
      redemptionToOrder: redeemed?.costRatio ?? Number.NaN,
    }
    return { text, figures, voids: [], report: { sides } }
  } finally {
    await shop.close()
  }
}
