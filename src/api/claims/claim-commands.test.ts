import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { controlEntry, elsewhere, startNode } from '../../../test/models/claim-node.ts'
import {
  type ControlMessage,
  claimsTopic,
  encodeMessage,
  newestRules,
} from '../../domain/coupons/messages.ts'
import { PortError } from '../../ports/port-error.ts'
import { type CommandAnswer, refusedBy } from './claim-answers.ts'
import { keyedCreateId } from './keyed-creates.ts'

const restock = { type: 'coupon.restocked', couponId: 'sale', by: 'op', commandId: 'k' } as const

function summaryOf(answer: CommandAnswer): string {
  if (answer.kind === 'decided') return answer.outcome.kind
  return answer.kind === 'unavailable' ? answer.reason : answer.kind
}

function actOf(answer: CommandAnswer): object | undefined {
  return answer.kind === 'decided' ? answer.act : undefined
}

describe('an operator’s command', () => {
  const appends = [
    ['is stored', 'stored', 'done', 15],
    ['is stored twice', 'twice', 'done', 15],
    ['may have been stored, and was', 'unacknowledged', 'done', 15],
    ['certainly was not stored', 'refused', 'log_unavailable', 10],
  ] as const
  for (const [what, outcome, expected, quantity] of appends) {
    it(`whose record ${what} is answered ${expected}`, async () => {
      const { node, create, pass, setOutcome } = await startNode()
      await create('sale', { quantity: 10 })
      setOutcome({ takesMs: 4, outcome })
      const answer = node.command({ ...restock, add: 5 })
      await pass(20)
      assert.equal(summaryOf(await answer), expected)
      assert.equal(node.coupon('sale')?.quantity, quantity)
    })
  }

  it('that found the log full may be asked again in a second, as where too many wait', () => {
    const again = { kind: 'unavailable', retryAfterSeconds: 1 }
    const reasonOf = (code: 'log_full' | 'log_unavailable') => {
      return refusedBy(new PortError(code, 'it is', { appended: 'no' }))
    }
    assert.deepEqual(reasonOf('log_full'), { ...again, reason: 'queue_full' })
    assert.deepEqual(reasonOf('log_unavailable'), { ...again, reason: 'log_unavailable' })
  })

  it('whose record may still come is pending at its deadline, and never “nothing was done”', async () => {
    const { node, create, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 10 })
    setOutcome({ takesMs: 4, outcome: { lateMs: 30_000 } })
    const answer = node.command({ ...restock, add: 5 })
    await pass(5_100)
    assert.deepEqual(await answer, { kind: 'pending' })
    await pass(30_000)
    assert.equal(node.coupon('sale')?.quantity, 15)
    setOutcome({ takesMs: 4, outcome: 'stored' })
    const again = node.command({ ...restock, add: 5 })
    await pass(20)
    assert.equal(summaryOf(await again), 'done')
    assert.equal(node.coupon('sale')?.quantity, 15)
  })

  it('is not answered by another of its id, which another node has sent', async () => {
    const { node, create, memory, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 10 })
    setOutcome({ takesMs: 40, outcome: 'stored' })
    const answer = node.command({ ...restock, add: 6 })
    setOutcome({ takesMs: 0, outcome: 'stored' })
    const other = encodeMessage({ ...restock, add: 5 })
    await memory.asWriter().append(claimsTopic, [{ key: 'sale', value: other }])
    await pass(60)
    assert.equal(summaryOf(await answer), 'conflict')
    assert.equal(node.coupon('sale')?.quantity, 15)
  })

  it('is not that of another coupon, whose operator gave it the same id', async () => {
    const { node, create, pass } = await startNode()
    await create('sale', { quantity: 10 })
    await create('other', { quantity: 10 })
    const both = ['sale', 'other'].map((couponId) => node.command({ ...restock, couponId, add: 5 }))
    await pass(100)
    for (const answer of await Promise.all(both)) assert.equal(summaryOf(answer), 'done')
    assert.deepEqual(
      ['sale', 'other'].map((couponId) => node.coupon(couponId)?.quantity),
      [15, 15],
    )
  })

  it('that creates a coupon takes its key for that one alone, also after a restart', async () => {
    const { node, memory, pass, setOutcome } = await startNode()
    const offer = (couponId: string, quantity = 1, by = node) => {
      const commandId = keyedCreateId('key')
      const terms = { name: 'sale', quantity }
      const command = { type: 'coupon.created', couponId, terms, rules: newestRules } as const
      return by.command({ ...command, by: 'op', commandId })
    }
    const atOnce = [offer('sale'), offer('other'), offer('sale')]
    await pass(20)
    const told = (await Promise.all(atOnce)).map(summaryOf)
    assert.deepEqual(told, ['created', 'key_reused', 'created'])
    const later = [offer('sale'), offer('other'), offer('sale', 2)]
    await pass(20)
    const kinds = (await Promise.all(later)).map(summaryOf)
    assert.deepEqual(kinds, ['unchanged', 'key_reused', 'conflict'])
    assert.equal(node.coupon('other'), undefined)

    const restarted = await startNode({ wrap: () => memory })
    await restarted.pass(20)
    setOutcome({ takesMs: 0, outcome: 'stored' })
    assert.equal(summaryOf(await offer('other', 1, restarted.node)), 'key_reused')
  })

  const acts = [
    ['coupon.paused', {}],
    ['coupon.resumed', {}],
    ['coupon.restocked', { add: 5 }],
    ['coupon.edited', { name: 'Summer' }],
    ['coupon.revoked', { all: true }],
    ['coupon.closed', {}],
  ] as const
  for (const [type, content] of acts) {
    it(`${type} is another one under its id for another reason, at every node`, async () => {
      const { node, create, memory, pass, setOutcome } = await startNode()
      await create('sale', { quantity: 10 })
      const act = (reason: string, by = node) => {
        const message = { type, couponId: 'sale', by: 'op', commandId: 'k', reason, ...content }
        return by.command(message as ControlMessage)
      }
      const atOnce = [act('why'), act('another'), act('why')]
      await pass(20)
      const told = (await Promise.all(atOnce)).map(summaryOf)
      const other = type === 'coupon.revoked' ? 'conflict' : 'key_reused'
      assert.deepEqual(told, ['done', other, 'done'])

      const restarted = await startNode({ wrap: () => memory })
      await restarted.pass(20)
      setOutcome({ takesMs: 0, outcome: 'stored' })
      const later = [act('another', restarted.node), act('why', restarted.node)]
      await restarted.pass(20)
      assert.deepEqual((await Promise.all(later)).map(summaryOf), [other, 'done'])
    })
  }

  it('with which there was nothing to do has given its id all the same', async () => {
    const { node, create, memory, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 10 })
    const close = (commandId: string, reason: string, by = node) =>
      by.command({ type: 'coupon.closed', couponId: 'sale', by: 'op', commandId, reason })
    const first = close('k', 'why')
    await pass(20)
    const closing = [close('l', 'so'), close('l', 'why'), close('l', 'so')]
    await pass(40)
    const told = await Promise.all(closing)
    assert.deepEqual(told.map(summaryOf), ['done', 'key_reused', 'done'])
    for (const answer of [told[0], told[2]]) {
      assert.ok(answer)
      assert.deepEqual(actOf(answer), actOf(await first), 'who closed it is who did it')
    }

    const restarted = await startNode({ wrap: () => memory })
    await restarted.pass(20)
    setOutcome({ takesMs: 0, outcome: 'stored' })
    const again = close('l', 'why', restarted.node)
    await restarted.pass(20)
    assert.equal(summaryOf(await again), 'key_reused')
    assert.equal(restarted.node.acts('sale', { limit: 10 }).length, 2)
  })

  it('is refused while the node stops, which says so', async () => {
    const { node, create } = await startNode()
    await create('sale', { quantity: 10 })
    const drained = node.drain()
    assert.equal(summaryOf(await node.command({ ...restock, add: 5 })), 'stopping')
    assert.deepEqual(node.readiness(), { ready: false, reasons: ['stopping'] })
    await drained
    assert.equal(node.coupon('sale')?.quantity, 10)
  })
})

describe('what memory says', () => {
  it('is believed no more once the log has failed', async () => {
    const { node, create, memory, claim, errors, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 2 })
    setOutcome({ takesMs: 0, outcome: 'stored' })
    await elsewhere(memory, 'sold_out')
    await pass(20)
    assert.equal((await claim('sale', 'kim')).kind, 'sold_out')
    const value = Buffer.from('{"type":"coupon.gifted","v":1,"couponId":"sale"}')
    await memory.asWriter().append(claimsTopic, [{ key: 'sale', value }])
    await pass(20)
    assert.equal(errors.length, 1)
    assert.deepEqual(await claim('sale', 'kim', 5_100), { kind: 'pending' })
    assert.equal(node.readiness().ready, false)
  })

  it('is in no doubt about a claim that was certainly not stored', async () => {
    const { node, create, claim, memory, pass, setOutcome } = await startNode()
    await create('sale', { quantity: 2 })
    setOutcome({ takesMs: 4, outcome: 'refused' })
    assert.equal((await claim('sale', 'kim')).kind, 'unavailable')
    setOutcome({ takesMs: 0, outcome: 'stored' })
    await memory.asWriter().append(claimsTopic, [controlEntry({ type: 'coupon.closed' })])
    await pass(20)
    assert.equal((await node.mine('sale', 'kim'))?.kind, 'closed')
  })
})
