import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  codeSecret,
  controlEntry,
  elsewhere,
  start,
  startNode,
} from '../../../test/models/claim-node.ts'
import { codeDeriver } from '../../domain/coupons/codes.ts'
import { claimsTopic, newestRules } from '../../domain/coupons/messages.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'

describe('the claim path', () => {
  it('answers a winner by its own record, and again from memory without another record', async () => {
    const { create, claim, appended } = await startNode()
    await create('sale', { quantity: 1 })
    const first = await claim('sale', 'kim')
    const before = appended()
    const again = await claim('sale', 'kim')
    assert.ok(first.kind === 'issued' && again.kind === 'issued')
    assert.deepEqual([first.first, again.first], [true, false])
    const won = { couponId: 'sale', slot: 1, claimId: first.issued.claimId, rules: newestRules }
    assert.equal(first.code, codeDeriver(codeSecret)(won))
    assert.deepEqual({ ...again, first: true }, first)
    assert.equal(appended(), before)
  })

  it('names the record that refused, and none where memory did', async () => {
    const { node, create, pass } = await startNode()
    await create('sale', { quantity: 1 })
    const both = ['kim', 'lee'].map(async (user) => node.claim('sale', user))
    await pass(20)
    const [won, lost] = await Promise.all(both)
    assert.equal(won?.kind, 'issued')
    assert.ok(lost?.kind === 'sold_out' && lost.record !== undefined)
    assert.equal(lost.record.claimId, 'id-2')
    const later = node.claim('sale', 'park')
    assert.deepEqual(Object.keys(await later).toSorted(), ['coupon', 'kind'])
  })

  it('tells when what the log has decided reached this node, in the order of the log', async () => {
    const placed: unknown[] = []
    const { node, create, pass } = await startNode({ placed: (...told) => placed.push(told) })
    await create('sale', { quantity: 1 })
    void node.claim('sale', 'kim', { arrivedAt: 2 })
    void node.claim('sale', 'lee', { arrivedAt: 1 })
    void node.claim('sale', 'lee', { arrivedAt: 3 })
    void node.claim('sale', 'park')
    await pass(20)
    await node.claim('sale', 'choi', { arrivedAt: 4 })
    const expected = [2, 1, 3].map((arrivedAt) => ['sale', arrivedAt])
    assert.deepEqual(placed, expected, 'memory has no place in the log')
  })

  it('sends nothing to the log for a coupon that nobody has made', async () => {
    const { claim, appended } = await startNode()
    assert.deepEqual(await claim('nothing', 'kim'), { kind: 'unknown_coupon' })
    assert.equal(appended(), 0)
  })

  it('answers not open from memory only where the log cannot have passed the opening', async () => {
    const limits = { clockSkewMsMax: 1_000 }
    const { create, claim, pass, appended } = await startNode({ limits })
    await create('later', { quantity: 1, opensAt: start + 5_000 })
    const before = appended()
    assert.equal((await claim('later', 'kim')).kind, 'not_open')
    assert.equal(appended(), before)
    await pass(4_500)
    const answer = await claim('later', 'kim')
    assert.ok(answer.kind === 'not_open' && answer.record !== undefined, 'the log was asked')
    await pass(1_000)
    assert.equal((await claim('later', 'kim')).kind, 'issued')
  })

  it('knows the time of the log, whatever the wall clock of its machine says', async () => {
    const hour = 3_600_000
    for (const leapMs of [-hour, hour, -24 * hour]) {
      const { node, machine, create, claim, pass, appended, differences } = await startNode()
      await create('later', { quantity: 2, opensAt: start + 30_000 })
      machine.leap(leapMs)
      const early = await claim('later', 'kim')
      assert.equal(early.kind, 'not_open')
      // Ahead, only the log can say.
      assert.equal(early.kind === 'not_open' && early.record !== undefined, leapMs > 0)
      await pass(30_000)
      assert.equal((await claim('later', 'kim')).kind, 'issued', `after ${leapMs} ms`)
      assert.ok(Math.abs(node.logTime() - start - 30_000) < 1_000)
      assert.deepEqual(differences, [leapMs / 1000])
      const before = appended()
      assert.equal((await claim('later', 'kim')).kind, 'issued')
      assert.equal(appended(), before)
    }
  })

  it('asks the log again whether a coupon has opened, where it has not read of late', async () => {
    const { create, claim, pass, appended } = await startNode()
    await create('later', { quantity: 1, opensAt: start + 3_600_000 })
    const before = appended()
    assert.equal((await claim('later', 'kim')).kind, 'not_open')
    assert.equal(appended(), before)
    await pass(60_000)
    for (let claims = 0; claims < 3; claims++) {
      assert.equal((await claim('later', 'kim')).kind, 'not_open')
      assert.equal(appended(), before + 1, 'one claim looks for all')
    }
  })

  it('waits for the log where an append may have been stored, and learns that it was', async () => {
    const { create, claim, setOutcome } = await startNode()
    await create('sale', { quantity: 1 })
    setOutcome({ takesMs: 4, outcome: 'unacknowledged' })
    assert.equal((await claim('sale', 'kim')).kind, 'issued')
  })

  it('ends in pending at its deadline, never in a no, and mine says the truth later', async () => {
    const { node, create, claim, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 1 })
    setOutcome({ takesMs: 60_000, outcome: 'stored' })
    const answer = await claim('sale', 'kim', 5_100)
    assert.deepEqual(answer, { kind: 'pending' })
    assert.deepEqual(node.mine('sale', 'kim'), { kind: 'pending' })
    await pass(60_000)
    assert.equal((await node.mine('sale', 'kim'))?.kind, 'issued')
  })

  for (const refusal of ['sold_out', 'paused', 'closed'] as const) {
    it(`says no ${refusal} to whom its own claim may still win, but to others`, async () => {
      const { node, memory, create, claim, command, pass, setOutcome } = await startNode()
      await create('sale', { quantity: 2 })
      setOutcome({ takesMs: 4, outcome: { lateMs: 30_000 } })
      assert.equal((await claim('sale', 'kim', 5_100)).kind, 'pending')
      setOutcome({ takesMs: 0, outcome: 'stored' })
      await elsewhere(memory, refusal)
      setOutcome({ takesMs: 4, outcome: 'refused' })
      await pass(100)
      assert.equal((await claim('sale', 'lee')).kind, refusal)
      assert.deepEqual(await node.mine('sale', 'kim'), { kind: 'pending' })
      assert.equal((await claim('sale', 'kim')).kind, 'unavailable', 'the log was asked')
      assert.deepEqual(await node.mine('sale', 'kim'), { kind: 'pending' })
      setOutcome({ takesMs: 4, outcome: 'stored' })
      const decided = await claim('sale', 'kim')
      assert.ok(decided.kind === refusal && decided.record !== undefined)
      assert.equal((await node.mine('sale', 'kim'))?.kind, refusal)
      await command({ type: refusal === 'paused' ? 'coupon.resumed' : 'coupon.restocked' })
      await pass(60_000)
      assert.equal(node.coupon('sale')?.winners.has('kim'), false, 'it has a coupon after a no')
    })
  }

  it('tells who is in doubt that she has won, once her late claim is in the log', async () => {
    const { node, memory, create, claim, command, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 2 })
    setOutcome({ takesMs: 4, outcome: { lateMs: 30_000 } })
    assert.equal((await claim('sale', 'kim', 5_100)).kind, 'pending')
    setOutcome({ takesMs: 0, outcome: 'stored' })
    await elsewhere(memory, 'sold_out')
    await memory.asWriter().append(claimsTopic, [controlEntry({ type: 'coupon.restocked' })])
    await pass(40_000)
    assert.equal((await node.mine('sale', 'kim'))?.kind, 'issued')
    assert.equal((await claim('sale', 'kim')).kind, 'issued')
    assert.equal((await command({ type: 'coupon.closed' })).kind, 'decided')
  })

  it('says at once that a claim was not stored where that is certain', async () => {
    const { create, claim, setOutcome } = await startNode()
    await create('sale', { quantity: 1 })
    setOutcome({ takesMs: 4, outcome: 'refused' })
    const answer = await claim('sale', 'kim')
    assert.ok(answer.kind === 'unavailable' && answer.reason === 'log_unavailable')
    assert.equal(answer.retryAfterSeconds, 1)
  })

  it('counts each answer and each failed append once', async () => {
    const { node, create, claim, pass, setOutcome, told } = await startNode({
      limits: { claimsWaitingMax: 1 },
    })
    await create('sale', { quantity: 1 })
    setOutcome({ takesMs: 4, outcome: 'refused' })
    await claim('sale', 'kim')
    assert.deepEqual(told.splice(0), ['stored: no', 'unavailable'])
    setOutcome({ takesMs: 4, outcome: 'unacknowledged' })
    await claim('sale', 'kim')
    assert.deepEqual(told.splice(0).toSorted(), ['issued', 'stored: unknown'])
    await claim('sale', 'lee')
    assert.deepEqual(told.splice(0), ['sold_out'])
    setOutcome({ takesMs: 4, outcome: 'stored' })
    await create('other', { quantity: 9 })
    const both = ['a', 'b'].map(async (user) => node.claim('other', user))
    await pass(20)
    await Promise.all(both)
    assert.deepEqual(told.splice(0).toSorted(), ['issued', 'unavailable'])
    await node.drain()
    await node.claim('other', 'late')
    assert.deepEqual(told, ['unavailable'])
  })

  it('keeps claimsWaitingMax claims waiting, and refuses the next one', async () => {
    const limits = { claimsWaitingMax: 3, claimsPerBatchMax: 2 }
    const { node, create, pass, appended } = await startNode({ limits })
    await create('sale', { quantity: 10 })
    const before = appended()
    const answers = ['a', 'b', 'c', 'd'].map(async (user) => node.claim('sale', user))
    await pass(50)
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['issued', 'issued', 'issued', 'unavailable'])
    assert.equal(appended(), before + 3)
  })

  it('trusts its memory no longer once its tail has stalled, and says that it is not ready', async () => {
    let stalledAt = Number.POSITIVE_INFINITY
    const wrap = (log: Log): Log => ({
      ...log,
      tail(options) {
        const tail = log.tail(options)
        return { ...tail, lastReadAt: (n) => Math.min(tail.lastReadAt(n), stalledAt) }
      },
    })
    const { node, clock, create, claim, pass, appended } = await startNode({ wrap })
    await create('sale', { quantity: 1 })
    await claim('sale', 'kim')
    stalledAt = clock.monotonic()
    await pass(2_100)
    assert.deepEqual(node.readiness(), {
      ready: false,
      reasons: ['the log has not been read lately'],
    })
    const before = appended()
    assert.equal((await claim('sale', 'lee')).kind, 'sold_out')
    assert.equal(appended(), before + 1, 'the log was asked')
  })

  it('answers commands of one id by what each asks for, also where they come at once', async () => {
    const { node, create, pass, appended } = await startNode()
    await create('sale', { quantity: 1 })
    const restock = async (add: number) => {
      const base = { type: 'coupon.restocked', couponId: 'sale', by: 'op', commandId: 'k' } as const
      const answer = await node.command({ ...base, add })
      return answer.kind === 'decided' ? answer.outcome.kind : answer.kind
    }
    const answers = [restock(5), restock(5), restock(6), restock(6), restock(5)]
    await pass(100)
    const [first, ...others] = await Promise.all(answers)
    assert.equal(first, 'done')
    assert.deepEqual(others, ['done', 'conflict', 'conflict', 'done'])
    assert.equal(node.coupon('sale')?.quantity, 6)
    assert.ok(appended() <= 4, 'two of the same are one record')
  })

  it('answers all it has accepted when it is stopped, and refuses what comes later', async () => {
    const { node, create, pass } = await startNode()
    await create('sale', { quantity: 5 })
    const accepted = ['a', 'b', 'c'].map(async (user) => node.claim('sale', user))
    const drained = node.drain()
    const refused = await node.claim('sale', 'late')
    assert.ok(refused.kind === 'unavailable' && refused.reason === 'stopping')
    await pass(20)
    await drained
    const kinds = (await Promise.all(accepted)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['issued', 'issued', 'issued'])
  })

  it('halts at a record of a newer version rather than skip it', async () => {
    const { node, errors, pass } = await startNode({
      wrap: (log) => {
        const value = Buffer.from('{"type":"coupon.gifted","v":1,"couponId":"sale"}')
        void log.append(claimsTopic, [{ key: 'sale', value }])
        return log
      },
    })
    await pass(20)
    assert.equal(errors.length, 1)
    assert.ok(errors[0] instanceof PortError)
    assert.match(errors[0].message, /unknown type "coupon.gifted".*A newer version wrote it/)
    assert.deepEqual(node.readiness(), { ready: false, reasons: ['the log has failed'] })
  })
})
