// I1 to I7 over simulated sales with seeded faults. One run of it: SEED=17 node --test <this file>.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimsTopic } from '../../src/domain/coupons/messages.ts'
import { runSale } from './claims-world.ts'
import { runSeeds, seeds } from './seeds.ts'

describe('a simulated sale', () => {
  it(`keeps I1 to I7 under faults, and is lost to a log that is cut, ${seeds.length} seeds`, async (t) => {
    const sums = await runSeeds(import.meta.resolve('./claims-check.ts'), 'checkSale')
    t.diagnostic(JSON.stringify(sums))
    if (seeds.length > 1) {
      assert.ok(Number(sums['issuers']) > seeds.length, 'issuers were restarted')
      assert.ok(Number(sums['snapshots']) > seeds.length, 'snapshots were kept')
    }
  })

  it('is the same sale again with the same seed', async () => {
    const [first, second] = [await runSale(7), await runSale(7)].map((world) => ({
      records: world.log.records(claimsTopic).map((p) => p.map((r) => r.value.toString())),
      ledger: [...world.ledger],
    }))
    assert.deepEqual(first, second)
  })
})
