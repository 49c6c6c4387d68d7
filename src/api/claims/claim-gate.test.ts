import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gateAnswering, startNodes } from '../../../test/models/gated-claims.ts'
import { seededRandom } from '../../../test/simulation/random.ts'
import { createGateMemory } from '../../adapters/memory/gate.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gate, GateClaim } from '../../ports/gate.ts'
import type { Log } from '../../ports/log.ts'
import type { ClaimAnswer } from './claim-answers.ts'

describe('the claim path behind a gate', () => {
  it('says no to nobody whose earlier claim the gate still has', async () => {
    const asked = Promise.withResolvers<void>()
    const slow = (): Gate => ({
      ...gateAnswering(() => 'pass'),
      ask: async (claims) => {
        await asked.promise
        return claims.map(() => 'pass')
      },
    })
    const { pass, create, command, ask, node } = await startNodes({ gate: slow })
    await create(2)
    const first = ask('kim')
    await pass(1)
    await command({ type: 'coupon.paused' })
    assert.equal((await ask('lee')).kind, 'paused', 'memory knows')
    assert.deepEqual(await node().mine('sale', 'kim'), { kind: 'pending' })
    const again = ask('kim')
    asked.resolve()
    await pass(60)
    for (const answer of [await first, await again]) {
      assert.ok(answer.answer.kind === 'paused' && answer.answer.record !== undefined)
    }
    assert.equal((await ask('kim')).kind, 'paused')
    assert.equal((await node().mine('sale', 'kim'))?.kind, 'paused')
  })

  it('tells the gate which coupon it is, how many there are, and how many have it', async () => {
    const told: GateClaim[] = []
    const gate = () =>
      gateAnswering((claim) => {
        told.push(claim)
        return 'pass'
      })
    const { create, ask, pass } = await startNodes({ gate })
    await create(3)
    for (const user of ['kim', 'lee']) {
      const asked = ask(user)
      await pass(20)
      assert.equal((await asked).kind, 'issued')
    }
    const coupon = { couponId: 'sale', quantity: 3, closesAt: Number.POSITIVE_INFINITY }
    const epoch = told[0]?.coupon.epoch ?? ''
    assert.match(epoch, /^\d+-\d+-\d{13}$/)
    assert.deepEqual(told, [
      { userId: 'kim', coupon: { ...coupon, epoch, issued: 0 } },
      { userId: 'lee', coupon: { ...coupon, epoch, issued: 1 } },
    ])
  })

  it('is not asked about whom the coupon is not for: the log says no, and later memory', async () => {
    const told: string[] = []
    const gate = () =>
      gateAnswering(({ userId }) => {
        told.push(userId)
        return 'pass'
      })
    const { clock, create, ask, pass, records } = await startNodes({ gate })
    const audience = { attribute: 'tier', values: ['gold'] }
    await create(1, { audience, opensAt: clock.now() + 25 })
    await pass(5)
    const asked = [ask('kim'), ask('lee', 0, { tier: 'gold' }), ask('park', 0, { tier: 'new' })]
    await pass(20)
    const [kim, lee, park] = await Promise.all(asked)
    assert.deepEqual([kim?.kind, lee?.kind, park?.kind], ['not_eligible', 'issued', 'not_eligible'])
    assert.deepEqual(told, ['lee'])
    const before = records()
    assert.equal((await ask('new', 0, { tier: 'new' })).kind, 'not_eligible')
    assert.equal(records(), before)
  })

  it('answers at once what was settled while the gate was asked, and is in no doubt then', async () => {
    const asked = Promise.withResolvers<void>()
    const gate = (): Gate => ({
      ...gateAnswering(() => 'full'),
      ask: async (claims) => {
        await asked.promise
        return claims.map(() => 'full')
      },
    })
    const limits = { deferMsMax: 10_000 }
    const { pass, create, command, ask, node, records } = await startNodes({ gate, limits })
    await create(2)
    const first = ask('kim')
    await pass(1)
    await command({ type: 'coupon.closed' })
    const before = records()
    asked.resolve()
    await pass(1)
    const { answer } = await first
    assert.ok(answer.kind === 'closed' && answer.record === undefined)
    assert.equal((await node().mine('sale', 'kim'))?.kind, 'closed')
    assert.equal(records(), before)
  })

  it('says at once that a claim which passes the gate finds no room before the log', async () => {
    const limits = { claimsWaitingMax: 1 }
    const gate = () => gateAnswering(() => 'pass')
    const { create, ask, pass } = await startNodes({ gate, limits, appendTakesMs: 10 })
    await create(9)
    const asked = ['a', 'b', 'c'].map((user) => ask(user))
    await pass(200)
    const answers = await Promise.all(asked)
    const busy = answers.filter(({ kind }) => kind === 'unavailable')
    assert.ok(busy.length > 0)
    for (const { answer, tookMs } of busy) {
      assert.ok(answer.kind === 'unavailable' && answer.reason === 'queue_full')
      assert.ok(tookMs < 10, 'at once')
    }
  })

  it('makes one record of one user who asks three nodes at once, who all answer the same', async () => {
    const gate = (clock: Clock) => createGateMemory({ clock })
    const { create, ask, pass, records, seen, answeredBy } = await startNodes({ gate, nodes: 3 })
    await create(5)
    const before = records()
    const asked = [0, 1, 2].map((n) => ask('kim', n))
    await pass(50)
    const answers = (await Promise.all(asked)).map(({ answer }) => answer)
    assert.equal(records(), before + 1)
    const issued = answers.map((answer) => answer.kind === 'issued' && answer)
    assert.deepEqual(
      issued.map((answer) => answer && [answer.issued.slot, answer.first]),
      [
        [1, true],
        [1, false],
        [1, false],
      ],
    )
    assert.deepEqual([seen.pass, seen.seen, seen.toMemory, answeredBy.deferred], [1, 2, 2, 2])
  })

  it('asks nobody else once as many as are left are on the way, and answers them as it sells out', async () => {
    const gate = (clock: Clock) => createGateMemory({ clock })
    const { create, ask, pass, records, answeredBy } = await startNodes({ gate })
    await create(3)
    const before = records()
    const asked = Array.from({ length: 50 }, (_, n) => ask(`user-${n}`))
    await pass(20)
    const answers = await Promise.all(asked)
    assert.deepEqual(count(answers), { issued: 3, sold_out: 47 })
    assert.equal(records(), before + 3)
    assert.equal(answeredBy.deferred, 47)
    assert.ok(
      answers.every(({ tookMs }) => tookMs <= 4),
      'as soon as the fold knew',
    )
  })

  for (const verdict of ['seen', 'full'] as const) {
    it(`lets nobody lose by a gate that calls everyone ${verdict}: they are late, and that is all`, async () => {
      const limits = { deferMsMax: 200 }
      const gate = () => gateAnswering(() => verdict)
      const { create, ask, pass, seen } = await startNodes({ gate, limits })
      await create(2)
      const asked = ['a', 'b', 'c'].map((user) => ask(user))
      await pass(250)
      const answers = await Promise.all(asked)
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        ['issued', 'issued', 'sold_out'],
      )
      assert.ok(answers.every(({ tookMs }) => tookMs >= 200 && tookMs <= 210))
      assert.equal(seen.toLog, 3)
    })
  }

  it('sends those it has deferred on as soon as a restock leaves some', async () => {
    const gate = () => gateAnswering((_, n) => (n === 0 ? 'pass' : 'full'))
    const { create, command, ask, pass } = await startNodes({
      gate,
      limits: { deferMsMax: 10_000 },
    })
    await create(2)
    const asked = ['a', 'b', 'c', 'd'].map((user) => ask(user))
    await command({ type: 'coupon.restocked', add: 1 })
    await pass(20)
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['issued', 'issued', 'issued', 'sold_out'])
  })

  for (const type of ['coupon.paused', 'coupon.closed'] as const) {
    it(`answers those it has deferred at once when the log says ${type}`, async () => {
      const gate = () => gateAnswering(() => 'full')
      const { create, command, ask, records } = await startNodes({
        gate,
        limits: { deferMsMax: 10_000 },
      })
      await create(1)
      const before = records()
      const asked = ['a', 'b'].map((user) => ask(user))
      await command({ type })
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind)
      const expected = type === 'coupon.paused' ? 'paused' : 'closed'
      assert.deepEqual(kinds, [expected, expected])
      assert.equal(records(), before + 1, 'the command alone')
    })
  }

  it('asks a gate that is away nothing', async () => {
    const gate = (clock: Clock): Gate => {
      const away = createGateMemory({ clock })
      away.setHere(false)
      return away
    }
    const { create, ask, pass, seen } = await startNodes({ gate })
    await create(1)
    const asked = ask('kim')
    await pass(4)
    assert.deepEqual([(await asked).kind, (await asked).tookMs], ['issued', 2])
    assert.deepEqual([seen.calls, seen.bypassed], [0, 1])
  })

  it('waits while a call is in flight, asks claimsPerAskMax at once, and no more than fit', async () => {
    const batches: number[] = []
    const gate = (clock: Clock): Gate => ({
      ...gateAnswering(() => 'pass'),
      async ask(claims) {
        batches.push(claims.length)
        await new Promise<void>((resolve) => clock.after(5, resolve))
        return claims.map(() => 'pass')
      },
    })
    const limits = { claimsPerAskMax: 4, gatedClaimsMax: 8 }
    const { create, ask, pass, seen } = await startNodes({ gate, limits })
    await create(100)
    const asked = [ask('first')]
    await pass(1)
    for (let n = 0; n < 10; n++) asked.push(ask(`user-${n}`))
    await pass(100)
    assert.deepEqual(batches, [1, 4, 4])
    assert.equal(seen.bypassed, 2)
    assert.deepEqual(count(await Promise.all(asked)), { issued: 11 })
  })

  it('defers no more than gatedClaimsMax', async () => {
    const gate = () => gateAnswering(() => 'full')
    const limits = { gatedClaimsMax: 3, deferMsMax: 200 }
    const { create, ask, pass, seen } = await startNodes({ gate, limits })
    await create(100)
    const deferred = ['a', 'b', 'c'].map((user) => ask(user))
    await pass(1)
    const beyond = ask('d')
    await pass(10)
    assert.ok((await beyond).tookMs <= 4)
    assert.equal(seen.bypassed, 1)
    await pass(250)
    assert.deepEqual(count(await Promise.all(deferred)), { issued: 3 })
  })

  it('loses no claim by a gate that answers too little, or rejects, and reports the latter', async () => {
    let calls = 0
    const gate = (): Gate => ({
      ...gateAnswering(() => 'pass'),
      ask: async () => (calls++ === 0 ? [] : assert.fail('a bug in the gate')),
    })
    const { create, ask, pass, errors } = await startNodes({ gate })
    await create(5)
    for (const user of ['a', 'b']) {
      const asked = ask(user)
      await pass(20)
      assert.equal((await asked).kind, 'issued')
    }
    assert.equal(errors.length, 1)
  })

  it('neither asks the gate nor answers those deferred while its tail is stalled', async () => {
    let stalledAt = Number.POSITIVE_INFINITY
    const wrap = (log: Log): Log => ({
      ...log,
      tail(options) {
        const tail = log.tail(options)
        return { ...tail, lastReadAt: (n) => Math.min(tail.lastReadAt(n), stalledAt) }
      },
    })
    const gate = () => gateAnswering((_, n) => (n === 0 ? 'full' : 'pass'))
    const limits = { tailStallMsMax: 1_000, deferMsMax: 1_500 }
    const { clock, create, ask, pass, seen, records } = await startNodes({ gate, wrap, limits })
    await create(1)
    const before = records()
    stalledAt = clock.monotonic()
    await pass(900)
    const deferred = ask('kim')
    await pass(200)
    const winner = ask('lee')
    await pass(10)
    assert.equal((await winner).kind, 'issued')
    assert.equal(seen.calls, 1)
    await pass(1_500)
    const { answer } = await deferred
    assert.ok(answer.kind === 'sold_out' && answer.record !== undefined, 'the log was asked')
    assert.equal(records(), before + 2)
  })

  it('answers all it has accepted when it is stopped', async () => {
    const gate = () => gateAnswering((_, n) => (n % 2 === 0 ? 'pass' : 'seen'))
    const { create, node, pass } = await startNodes({ gate })
    await create(10)
    const asked = ['a', 'b', 'c', 'd'].map(async (user) => node().claim('sale', user))
    const drained = node().drain()
    await pass(300)
    await drained
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['issued', 'issued', 'issued', 'issued'])
  })

  it('has the same winners whatever the gate says, where each asks after the one before', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = seededRandom(seed)
      const verdicts = (['pass', 'seen', 'full'] as const).filter(() => random.chance(0.7))
      const say = () => verdicts[random.int(0, verdicts.length - 1)] ?? 'pass'
      const { create, ask, pass } = await startNodes({ gate: () => gateAnswering(say), nodes: 2 })
      const quantity = random.int(1, 8)
      await create(quantity)
      const winners: string[] = []
      for (let n = 0; n < 20; n++) {
        const user = `user-${random.int(0, 12)}`
        const asked = ask(user, random.int(0, 1))
        await pass(250)
        const { answer } = await asked
        const isNew = winners.length < quantity && !winners.includes(user)
        if (isNew) winners.push(user)
        const slot = winners.indexOf(user) + 1
        const found = answer.kind === 'issued' ? answer.issued.slot : answer.kind
        assert.equal(found, slot === 0 ? 'sold_out' : slot, `seed ${seed}, ask ${n} by ${user}`)
      }
    }
  })

  it('has exactly as many winners as there are, whatever the gate says, where all ask at once', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = seededRandom(seed)
      const share = random.next()
      const lie = () => (['pass', 'seen', 'full'] as const)[random.int(0, 2)] ?? 'pass'
      const gate = (clock: Clock): Gate => {
        const honest = createGateMemory({ clock })
        return {
          ...honest,
          async ask(claims) {
            if (random.chance(0.1)) honest.wipe()
            if (random.chance(0.3)) {
              const ms = random.int(0, 25)
              await new Promise<void>((resolve) => clock.after(ms, resolve))
            }
            const verdicts = await honest.ask(claims)
            return verdicts.map((verdict) => (random.chance(share) ? lie() : verdict))
          },
          isHere: () => random.chance(0.8),
        }
      }
      const { clock, create, node, pass } = await startNodes({ gate, nodes: 3 })
      const quantity = random.int(1, 40)
      await create(quantity)
      const last = new Map<string, ClaimAnswer>()
      for (let n = 0; n < 180; n++) {
        clock.after(random.int(0, 60), () => {
          const user = `user-${n % 60}`
          void Promise.resolve(node(random.int(0, 2)).claim('sale', user)).then((answer) => {
            last.set(user, answer)
          })
        })
      }
      await pass(1_000)
      const kinds = count([...last.values()])
      const expected = { issued: quantity, sold_out: 60 - quantity }
      assert.deepEqual(kinds, expected, `seed ${seed}`)
      assert.equal(node().coupon('sale')?.winners.size, quantity)
    }
  })
})

function count(answers: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of answers) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
