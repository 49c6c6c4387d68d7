// The fold against a naive model of the rules, and against the promises of the design.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, couponIds, createdAs, partitions } from '../../../test/models/any-log.ts'
import { type Entry, modelOutcomes } from '../../../test/models/naive-claims.ts'
import { partitionFor } from '../partitioner.ts'
import { type Decision, decide } from './decide.ts'
import { applyCommand, createFold, type Fold, readRecord, type StoredRecord } from './fold.ts'
import { type CouponMessage, encodeMessage } from './messages.ts'
import { type CouponState, evolve, initialState } from './state.ts'
import { PackedWinners } from './winners.ts'

describe('any log', () => {
  test('is decided as the naive model decides it, record by record', () => {
    check(anyLog(), (entries) => {
      assert.deepEqual(outcomesOf(fold(entries)), modelOutcomes(entries))
    })
  })

  test('is paused until it is resumed, whatever else is done meanwhile', () => {
    const by = { couponId: 'tea', by: 'op' }
    const messages: CouponMessage[] = [
      createdAs('tea', 2),
      { type: 'coupon.paused', ...by, commandId: 'p' },
      { type: 'coupon.revoked', ...by, commandId: 'v', all: true, reason: 'wrong' },
      { type: 'coupon.restocked', ...by, commandId: 'r', add: 1 },
      { type: 'coupon.claimed', couponId: 'tea', userId: 'ann', claimId: 'c1' },
      { type: 'coupon.resumed', ...by, commandId: 's' },
      { type: 'coupon.claimed', couponId: 'tea', userId: 'ann', claimId: 'c2' },
    ]
    const entries = messages.map((message, n) => ({ message, appendedAt: 20 + n }))
    const told = ['created', 'done', 'done', 'done', 'paused', 'done', 'issued 1']
    assert.deepEqual(outcomesOf(fold(entries)), told)
    assert.deepEqual(modelOutcomes(entries), told)
  })

  test('keeps the promises: quantity, one each, slots without a hole, sold out only when full', () => {
    check(anyLog(), (entries) => {
      const { decisions } = fold(entries)
      for (const couponId of couponIds) {
        checkPromises(entries, decisions, couponId)
      }
    })
  })

  test('folds to the same state again, and also from the events alone', () => {
    check(anyLog(), (entries) => {
      const once = fold(entries)
      assert.deepEqual(fold(entries), once)
      const rebuilt = new Map<string, CouponState>()
      for (const [index, { events }] of once.decisions.entries()) {
        const couponId = entries[index]?.message.couponId ?? ''
        for (const event of events) {
          rebuilt.set(couponId, evolve(rebuilt.get(couponId) ?? initialState(), event))
        }
      }
      assert.deepEqual(rebuilt, once.fold.coupons)
    })
  })

  test('gives the same winners however it is cut into batches and stored between them', () => {
    check(fc.tuple(anyLog(), fc.array(fc.nat(40))), ([entries, cuts]) => {
      const whole = fold(entries)
      let state = createFold(partitions)
      const decisions: Decision[] = []
      const bounds = [0, ...cuts.filter((cut) => cut < entries.length), entries.length]
      bounds.sort((a, b) => a - b)
      for (const [index, from] of bounds.slice(0, -1).entries()) {
        state = storedAndLoaded(state)
        decisions.push(...continueFold(state, entries.slice(from, bounds[index + 1]), from))
      }
      assert.deepEqual({ fold: state, decisions }, whole)
    })
  })

  test('gives the same winners however the logs of its coupons are interleaved', () => {
    check(fc.tuple(anyLog(), fc.array(fc.nat(2))), ([entries, turns]) => {
      const shuffled = interleaved(entries, turns)
      assert.deepEqual(winnersOf(fold(shuffled).fold), winnersOf(fold(entries).fold))
    })
  })

  test('gives the same winners if records are stored twice in a row', () => {
    check(fc.tuple(anyLog(), fc.array(fc.boolean())), ([entries, twice]) => {
      const doubled = entries.flatMap((entry, index) => (twice[index] ? [entry, entry] : [entry]))
      assert.deepEqual(winnersOf(fold(doubled).fold), winnersOf(fold(entries).fold))
    })
  })

  test('gives the same winners if what took effect is stored again, however much later', () => {
    check(fc.tuple(anyLog(), fc.array(fc.tuple(fc.nat(), fc.nat()))), ([entries, copies]) => {
      const { decisions } = fold(entries)
      const marked = entries.map((entry, index) => ({
        entry,
        takes: takesEffect(decisions[index]),
      }))
      for (const [which, distance] of copies) {
        const from = which % Math.max(1, marked.length)
        const original = marked[from]
        if (!original?.takes) continue
        const to = from + 1 + (distance % (marked.length - from))
        // At the time of the record before it, so that the copy itself opens and closes nothing.
        const { message } = original.entry
        const last = marked.slice(0, to).findLast((it) => sameCoupon(it.entry.message, message))
        const appendedAt = last?.entry.appendedAt ?? 0
        marked.splice(to, 0, { entry: { message, appendedAt }, takes: false })
      }
      const again = fold(marked.map(({ entry }) => entry))
      assert.deepEqual(winnersOf(again.fold), winnersOf(fold(entries).fold))
      assert.deepEqual(rulesOf(again.fold), rulesOf(fold(entries).fold))
    })
  })

  test('is judged without a change to the state that judges it', () => {
    check(anyLog(), (entries) => {
      const { fold: state } = fold(entries.slice(0, -1))
      const before = storedAndLoaded(state)
      for (const { message, appendedAt } of entries.slice(-1)) {
        const coupon = state.coupons.get(message.couponId) ?? initialState()
        const at = { partition: 0, offset: entries.length, appendedAt }
        assert.deepEqual(decide({ message, ...at }, coupon), decide({ message, ...at }, coupon))
      }
      assert.deepEqual(state, before)
    })
  })
})

describe('a record', () => {
  const claim: CouponMessage = {
    type: 'coupon.claimed',
    couponId: 'spring',
    userId: 'ann',
    claimId: 'a',
  }
  const home = partitionFor('spring', partitions)
  const value = encodeMessage(claim)

  test('is read with its place and time', () => {
    const record = { partition: home, offset: 7, appendedAt: 99, value }
    assert.deepEqual(readRecord(createFold(partitions), record), {
      kind: 'message',
      message: { message: claim, partition: home, offset: 7, appendedAt: 99 },
    })
  })

  test('in another partition than its coupon id says is void, known coupon or not', () => {
    for (const couponId of couponIds) {
      const { fold: known } = fold([{ message: createdAs(couponId, 1), appendedAt: 1 }])
      const own = partitionFor(couponId, partitions)
      const bytes = encodeMessage({ ...claim, couponId })
      for (const state of [createFold(partitions), known]) {
        for (let partition = 0; partition < partitions; partition += 1) {
          const read = readRecord(state, { partition, offset: 1, appendedAt: 1, value: bytes })
          const expected = partition === own ? 'message' : 'void'
          assert.equal(read.kind, expected, `${couponId} in partition ${partition}`)
        }
      }
    }
  })

  test('of a creation in a wrong partition creates nothing', () => {
    const bytes = encodeMessage(createdAs('spring', 1))
    const partition = (home + 1) % partitions
    const record = { partition, offset: 0, appendedAt: 1, value: bytes }
    const read = readRecord(createFold(partitions), record)
    assert.deepEqual(read, { kind: 'void', reason: 'in the wrong partition' })
  })

  test('that is void or unknown is handed on as such', () => {
    const state = createFold(partitions)
    const at = { partition: 0, offset: 0, appendedAt: 1 }
    assert.equal(readRecord(state, { ...at, value: Buffer.from('x') }).kind, 'void')
    const newer = Buffer.from('{"type":"coupon.claimed","v":2}')
    assert.equal(readRecord(state, { ...at, value: newer }).kind, 'unknown')
  })

  test('of a coupon named like an object property is a coupon like any other', () => {
    for (const couponId of ['constructor', 'tostring', 'valueof']) {
      const { fold: state } = fold([{ message: createdAs(couponId, 3), appendedAt: 1 }])
      assert.equal(state.coupons.get(couponId)?.quantity, 3)
    }
  })
})

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: 300 })
}

function sameCoupon(a: CouponMessage, b: CouponMessage): boolean {
  return a.couponId === b.couponId
}

function stored({ message, appendedAt }: Entry, offset: number): StoredRecord {
  const partition = partitionFor(message.couponId, partitions)
  return { partition, offset, appendedAt, value: encodeMessage(message) }
}

function fold(entries: readonly Entry[]): { fold: Fold; decisions: Decision[] } {
  const state = createFold(partitions)
  return { decisions: continueFold(state, entries, 0), fold: state }
}

/** Through the bytes, as every reader does. Offsets count over all partitions here. */
function continueFold(state: Fold, entries: readonly Entry[], from: number): Decision[] {
  return entries.map((entry, index) => {
    const read = readRecord(state, stored(entry, from + index))
    assert.ok(read.kind === 'message', read.kind)
    return applyCommand(state, read.message)
  })
}

function outcomesOf({ decisions }: { decisions: readonly Decision[] }): string[] {
  return decisions.map(({ outcome }) => {
    return 'issued' in outcome ? `${outcome.kind} ${outcome.issued.slot}` : outcome.kind
  })
}

function winnersOf(state: Fold): Map<string, (readonly [string, number, string])[]> {
  const inOrder = [...state.coupons.values()].sort((a, b) => (a.couponId < b.couponId ? -1 : 1))
  return new Map(
    inOrder.map(({ couponId, winners }) => [
      couponId,
      [...winners].map(([userId, { slot, claimId }]) => [userId, slot, claimId]),
    ]),
  )
}

/** Without offsets: where a record stands depends on what was stored again before it. */
function rulesOf(state: Fold): Map<string, object> {
  return new Map(
    [...state.coupons].map(([id, coupon]) => {
      const { winners: _, revocations, ...rest } = coupon
      const revokes = [...revocations.commands.values()].map((one) => ({ ...one, offset: 0 }))
      const all = { ...revocations, commands: revokes, last: 0 }
      return [id, { ...rest, lastAct: 0, revocations: all }]
    }),
  )
}

/** Nothing of it is the other's. */
function storedAndLoaded({ partitions: count, coupons }: Fold): Fold {
  const copies = [...coupons].map(([id, { winners, ...coupon }]) => {
    const packed = new PackedWinners()
    for (const [userId, issued] of winners) packed.set(userId, issued)
    return [id, { ...structuredClone(coupon), winners: packed }] as const
  })
  return { partitions: count, coupons: new Map(copies) }
}

/** A refused claim is not among them: stored again after a restock or a resume, it may win. */
function takesEffect(decision: Decision | undefined): boolean {
  const kinds = ['issued', 'already_issued', 'created', 'unchanged', 'conflict', 'done']
  return decision !== undefined && kinds.includes(decision.outcome.kind)
}

/** The same coupons' logs, each in its order, taken turn by turn as `turns` says. */
function interleaved(entries: readonly Entry[], turns: readonly number[]): Entry[] {
  const queues = couponIds.map((id) => entries.filter(({ message }) => message.couponId === id))
  const merged: Entry[] = []
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn += 1) {
    const wanted = queues[turns[turn % Math.max(1, turns.length)] ?? 0]
    const queue =
      wanted !== undefined && wanted.length > 0 ? wanted : queues.find((it) => it.length)
    const next = queue?.shift()
    if (next !== undefined) merged.push(next)
  }
  return merged
}

function checkPromises(
  entries: readonly Entry[],
  decisions: readonly Decision[],
  couponId: string,
): void {
  let quantity = 0
  let everOpen = false
  const winners: string[] = []
  for (const [index, { message }] of entries.entries()) {
    const decision = decisions[index]
    if (message.couponId !== couponId || decision === undefined) continue
    const { outcome, events } = decision
    for (const event of events) {
      if (event.type === 'created') quantity = event.terms.quantity
      if (event.type === 'restocked') quantity += event.add
      if (event.type === 'opened') everOpen = true
      if (event.type === 'issued') winners.push(event.userId)
    }
    assert.ok(winners.length <= quantity, 'I1: never above the quantity')
    assert.equal(new Set(winners).size, winners.length, 'I3: one per user')
    if (outcome.kind === 'issued') assert.equal(outcome.issued.slot, winners.length, 'I4: no hole')
    if (outcome.kind === 'sold_out') assert.equal(winners.length, quantity, 'I6: no slot leaks')
    if (outcome.kind === 'not_open') assert.ok(!everOpen, 'I9: never again not_open')
    if (outcome.kind === 'issued') assert.ok(everOpen, 'I9: no win before the opening')
  }
}
