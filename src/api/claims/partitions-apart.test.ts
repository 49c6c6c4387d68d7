import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { claimsTopic, newestRules } from '../../domain/coupons/messages.ts'
import { partitionFor } from '../../domain/partitioner.ts'
import type { Moment } from '../../ports/clock.ts'
import { sleep } from '../../ports/clock.ts'
import type { Log, Tail } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ClaimLimits } from './claim-parts.ts'
import { startClaimService } from './claim-service.ts'

const partitions = 4
const triedMs = 1_500
const [away, there] = ['spring', 'summer']

/** A log whose partition of the coupon that is away can lose its leader. */
async function startNode(limits: Partial<ClaimLimits> = {}) {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const memory = openLogMemory({ topics: { [claimsTopic]: partitions }, clock })
  const leaderless = partitionFor(away, partitions)
  let stalledAt: Moment | null = null
  let allStalled = false
  const back = Promise.withResolvers<void>()
  const log: Log = {
    ...memory,
    async append(topic, entries) {
      const waits = entries.some(({ key }) => partitionFor(key, partitions) === leaderless)
      if (stalledAt === null || !waits) return memory.append(topic, entries)
      await sleep(clock, triedMs)
      const why = { retryable: true, appended: 'no' } as const
      throw new PortError('log_unavailable', 'no leader', why)
    },
    tail(options) {
      const tail = memory.tail(options)
      const lastReadAt: Tail['lastReadAt'] = (partition) => {
        const isStalled = stalledAt !== null && (partition === leaderless || allStalled)
        return isStalled ? (stalledAt ?? 0) : tail.lastReadAt(partition)
      }
      return { ...tail, lastReadAt }
    },
    async partitionBounds(topic, partition) {
      if (stalledAt === null || partition !== leaderless) {
        return memory.partitionBounds(topic, partition)
      }
      await back.promise
      return memory.partitionBounds(topic, partition)
    },
  }
  let ids = 0
  const another = () =>
    startClaimService({
      log,
      clock,
      newId: () => `id-${++ids}`,
      codeSecret: 'a secret that is used in tests only',
      limits,
      onError: assert.fail,
    })
  const node = await another()
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
      stalledAt = clock.monotonic()
    },
    another,
    findLeader() {
      stalledAt = null
      back.resolve()
    },
    loseAllLeaders() {
      allStalled = true
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
  it('leaves the node ready while another is read, and is told as what does not work', async () => {
    const { node, pass, loseLeader, loseAllLeaders } = await startNode()
    const stalled = (partition: number) => {
      return `partition ${partition} of ${claimsTopic} has not been read lately`
    }
    loseLeader()
    assert.deepEqual(node.degraded?.(), [])
    await pass(2_100)
    assert.deepEqual(node.readiness(), { ready: true, reasons: [] })
    assert.deepEqual(node.degraded?.(), [stalled(partitionFor(away, partitions))])
    loseAllLeaders()
    const reasons = ['the log has not been read lately']
    assert.deepEqual(node.readiness(), { ready: false, reasons })
  })

  it('sends its own claims alone to the log; memory answers those of other coupons', async () => {
    const { node, pass, loseLeader } = await startNode()
    for (const couponId of [away, there]) void node.claim(couponId, 'kim')
    await pass(20)
    loseLeader()
    await pass(2_100)
    const known = node.claim(there, 'kim')
    assert.equal('kind' in known && known.kind, 'issued', 'at once, from memory')
    const asked = node.claim(away, 'kim')
    await pass(triedMs + 100)
    assert.equal((await asked).kind, 'unavailable')
  })

  it('keeps nobody waiting who asks for coupons that are not known elsewhere', async () => {
    const { node, clock, pass, loseLeader } = await startNode({ foldWaitMsMax: 2_000 })
    const unknown = (partition: number) => {
      const ids = Array.from({ length: 100 }, (_, n) => `unknown-${n}`)
      return ids.find((id) => partitionFor(id, partitions) === partition) ?? ''
    }
    loseLeader()
    const lost = node.find(unknown(partitionFor(away, partitions)))
    await pass(5)
    const begunAt = clock.monotonic()
    let tookMs = Number.POSITIVE_INFINITY
    const found = Promise.resolve(node.find(unknown(partitionFor(there, partitions))))
    void found.then(() => {
      tookMs = clock.monotonic() - begunAt
    })
    await pass(2_100)
    assert.equal((await found).kind, 'unknown_coupon')
    assert.ok(tookMs <= 20, `${tookMs} ms`)
    assert.equal((await lost).kind, 'unavailable')
  })
  it('hinders no start: its coupons are answered once it has one, all others at once', async () => {
    const { node, pass, another, loseLeader, findLeader } = await startNode()
    for (const couponId of [away, there]) void node.claim(couponId, 'kim')
    await pass(20)
    loseLeader()
    const starting = another()
    await pass(2_100)
    const second = await starting
    await second.caughtUp
    assert.deepEqual(second.readiness(), { ready: true, reasons: [] })
    assert.equal(second.degraded?.().length, 1)
    const won = second.claim(there, 'kim')
    assert.equal('kind' in won && won.kind, 'issued')
    const unknown = { kind: 'unavailable', reason: 'starting', retryAfterSeconds: 1 }
    assert.deepEqual(await second.claim(away, 'kim'), unknown)
    assert.deepEqual(await second.mine(away, 'lee'), unknown)
    assert.deepEqual(await second.find(away), unknown)
    const command = { couponId: away, by: 'op', commandId: 'close' }
    assert.deepEqual(await second.command({ type: 'coupon.closed', ...command }), unknown)
    findLeader()
    await pass(20)
    const known = second.claim(away, 'kim')
    assert.equal('kind' in known && known.kind, 'issued')
    assert.deepEqual(second.degraded?.(), [])
  })
})
