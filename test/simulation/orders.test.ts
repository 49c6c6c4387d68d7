// I10 to I14 over simulated rushes on few pieces. One of them: SEED=17 node --test <this file>.

import { describe, it } from 'node:test'
import { runSeeds, seeds } from './seeds.ts'

describe('a simulated rush on few pieces', () => {
  it(`sells all that money buys, adds up, and is lost to a log that is cut, ${seeds.length} seeds`, async (t) => {
    const sums = await runSeeds(import.meta.resolve('./orders-check.ts'), 'checkOrders')
    t.diagnostic(JSON.stringify(sums))
  })
})
