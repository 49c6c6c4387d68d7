import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { type ControlMessage, claimsTopic, newestRules } from '../../domain/coupons/messages.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { startClaimService } from './claim-service.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const foldWaitMsMax = 2_000

const partitions = 2

/** Two nodes on one log; the second reads every record `behindMs` later than the first. */
async function startNodes() {
  const clock = virtualClock(start)
  const shared = openLogMemory({ topics: { [claimsTopic]: partitions }, clock })
  const behind = { ms: 100 }
  let looks = 0
  let boundsOf = (partition: number) => shared.partitionBounds(claimsTopic, partition)
  const late: Log = {
    ...shared,
    partitionBounds(_, partition) {
      looks++
      return boundsOf(partition)
    },
    tail: (options) =>
      shared.tail({
        ...options,
        async onBatch(batch) {
          await new Promise<void>((go) => clock.after(behind.ms, go))
          await options.onBatch(batch)
        },
      }),
  }
  let ids = 0
  const startNode = (log: Log, waitMsMax: number) =>
    startClaimService({
      log,
      clock,
      newId: () => `id-${++ids}`,
      codeSecret: 'a secret that is used in tests only',
      limits: { foldWaitMsMax: waitMsMax },
      onError: assert.ifError,
    })
  const first = await startNode(shared, 0)
  const second = await startNode(late, foldWaitMsMax)
  looks = 0
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  async function create(couponId: string) {
    const command = first.command({
      type: 'coupon.created',
      couponId,
      terms: { name: couponId, quantity: 1 },
      rules: newestRules,
      by: 'operator',
      commandId: `create ${couponId}`,
    })
    await pass(0)
    assert.equal((await command).kind, 'decided')
  }
  const answered = async <T>(answer: T, ms = 500) => {
    await pass(ms)
    return await answer
  }
  return {
    first,
    second,
    behind,
    pass,
    create,
    answered,
    looks: () => looks,
    failBounds(bounds: typeof boundsOf) {
      boundsOf = bounds
    },
  }
}

describe('a node among others', () => {
  it('waits for its fold before it calls a coupon unknown that another node has just made', async () => {
    const { second, create, answered } = await startNodes()
    await create('sale')
    assert.equal(second.coupon('sale'), undefined)
    const found = await answered(second.find('sale'))
    assert.equal(found.kind, 'found')
    await create('other')
    assert.equal((await answered(second.claim('other', 'kim')))?.kind, 'issued')
    await create('third')
    assert.equal(await answered(second.mine('third', 'kim')), null)
  })

  it('says so where there really is none, without a record in the log', async () => {
    const { second, answered } = await startNodes()
    assert.deepEqual(await answered(second.claim('none', 'kim')), { kind: 'unknown_coupon' })
    assert.deepEqual(await answered(second.mine('none', 'kim')), { kind: 'unknown_coupon' })
    assert.deepEqual(await answered(second.find('none')), { kind: 'unknown_coupon' })
  })

  it('shows a user the coupon that another node has just given him', async () => {
    const { first, second, create, answered, pass } = await startNodes()
    await create('sale')
    await pass(500)
    const won = await answered(first.claim('sale', 'kim'), 0)
    assert.equal(won.kind, 'issued')
    const known = second.mine('sale', 'kim')
    assert.ok(known instanceof Promise, 'it has not read of it yet')
    const mine = await answered(known)
    assert.ok(mine?.kind === 'issued' && won.kind === 'issued')
    assert.equal(mine.code, won.code)
  })

  it('does one of two acts on one state, whichever node is asked, and tells the other so', async () => {
    const { first, second, create, answered, pass } = await startNodes()
    await create('sale')
    await pass(500)
    const expected = second.coupon('sale')?.lastAct ?? -1
    const act = { type: 'coupon.paused', couponId: 'sale', expected } as const
    const ids = ['a', 'b'].map((by) => ({ ...act, by, commandId: `of ${by}` }))
    const answers = [first, second].map((node, n) => node.command(ids[n] as ControlMessage))
    const told = (await answered(Promise.all(answers))).map((answer) => {
      return answer.kind === 'decided' ? answer.outcome.kind : answer.kind
    })
    assert.deepEqual(told.toSorted(), ['changed', 'done'])
    const lists = [first, second].map((node) => node.acts('sale', { limit: 10 }))
    assert.deepEqual(lists[0], lists[1])
    const whose = lists[0]?.map(({ message }) => message.by)
    assert.deepEqual(whose, ['operator', told[0] === 'done' ? 'a' : 'b'])
    for (const [n, outcome] of told.entries()) {
      const again = await answered([second, first][n]?.command(ids[n] as ControlMessage))
      assert.ok(again?.kind === 'decided')
      assert.equal(again.outcome.kind, outcome, 'and through the other node')
    }
  })

  it('looks at each partition a hundred times a second at most, however many made-up ids are asked for', async () => {
    const { second, pass, looks } = await startNodes()
    const answers: unknown[] = []
    for (let ms = 0; ms < 1_000; ms++) {
      for (let n = 0; n < 20; n++) answers.push(second.find(`made-up-${ms}-${n}`))
      await pass(1)
    }
    await pass(100)
    for (const answer of answers) assert.deepEqual(await answer, { kind: 'unknown_coupon' })
    assert.ok(looks() <= 102 * partitions, `${looks()} looks for ${answers.length} asks`)
  })

  it('never says no where its fold is too far behind, or the log does not say where it ends', async () => {
    const { second, behind, create, answered, pass, failBounds } = await startNodes()
    behind.ms = foldWaitMsMax + 1_000
    await create('sale')
    const unavailable = {
      kind: 'unavailable',
      reason: 'log_unavailable',
      retryAfterSeconds: 1,
    }
    assert.deepEqual(await answered(second.find('sale'), foldWaitMsMax), unavailable)
    await pass(2_000)
    assert.equal((await answered(second.find('sale'), 0)).kind, 'found')
    failBounds(() => Promise.reject(new PortError('log_unavailable', 'away')))
    assert.deepEqual(await answered(second.claim('none', 'kim')), unavailable)
    failBounds(() => new Promise(() => {}))
    assert.deepEqual(await answered(second.find('none'), foldWaitMsMax), unavailable)
  })
})
