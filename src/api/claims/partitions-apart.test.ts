import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { claimsTopic, newestRules } from '../../domain/coupons/messages.ts'
import { partitionFor } from '../../domain/partitioner.ts'
import { sleep } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { startClaimService } from './claim-service.ts'

const partitions = 4
const triedMs = 1_500
const [away, there] = ['spring', 'summer']

/** A log whose partition of the coupon that is away can lose its leader. */
async function startNode() {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const memory = openLogMemory({ topics: { [claimsTopic]: partitions }, clock })
  const leaderless = partitionFor(away, partitions)
  let isAway = false
  const log: Log = {
    ...memory,
    async append(topic, entries) {
      const waits = entries.some(({ key }) => partitionFor(key, partitions) === leaderless)
      if (!isAway || !waits) return memory.append(topic, entries)
      await sleep(clock, triedMs)
      const why = { retryable: true, appended: 'no' } as const
      throw new PortError('log_unavailable', 'no leader', why)
    },
  }
  let ids = 0
  const node = await startClaimService({
    log,
    clock,
    newId: () => `id-${++ids}`,
    codeSecret: 'a secret that is used in tests only',
    onError: assert.fail,
  })
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  for (const couponId of [away, there]) {
    const created = node.command({
      type: 'coupon.created',
      couponId,
      terms: { name: couponId, quantity: 3 },
      rules: newestRules,
      by: 'operator',
      commandId: couponId,
    })
    await pass(20)
    assert.equal((await created).kind, 'decided')
  }
  return {
    node,
    clock,
    pass,
    loseLeader() {
      isAway = true
    },
  }
}

describe('a partition without a leader', () => {
  it('keeps no claim of a coupon in another one waiting', async () => {
    assert.notEqual(partitionFor(away, partitions), partitionFor(there, partitions))
    const { node, clock, pass, loseLeader } = await startNode()
    loseLeader()
    const lost = node.claim(away, 'kim')
    await pass(5)
    const begunAt = clock.monotonic()
    let tookMs = Number.POSITIVE_INFINITY
    const won = Promise.resolve(node.claim(there, 'kim')).then((answer) => {
      tookMs = clock.monotonic() - begunAt
      return answer
    })
    await pass(triedMs + 100)
    assert.equal((await won).kind, 'issued')
    assert.ok(tookMs <= 10, `${tookMs} ms`)
    assert.deepEqual(await lost, {
      kind: 'unavailable',
      reason: 'log_unavailable',
      retryAfterSeconds: 1,
    })
  })
})
