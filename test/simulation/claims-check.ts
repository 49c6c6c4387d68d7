// What must hold at the end of a simulated sale: I1 to I7, and that nobody goes on with its log
// once that has lost its end.

import assert from 'node:assert/strict'
import { applyCommand, createFold, readRecord } from '../../src/domain/coupons/fold.ts'
import { claimsTopic, couponEventsTopic, decodeMessage } from '../../src/domain/coupons/messages.ts'
import { isRevoked } from '../../src/domain/coupons/revocations.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import type { CouponReads, IssuedRow } from '../../src/ports/coupons.ts'
import {
  type Answered,
  recordsOf,
  replayed,
  runSale,
  stopsIssuer,
  type World,
} from './claims-world.ts'
import { cutBelow, placeAt } from './cut-log.ts'
import type { Counts } from './seeds.ts'
import { checkSnapshots } from './snapshots-check.ts'

export async function checkSale(seed: number): Promise<Counts> {
  const world = await runSale(seed)
  const records = world.log.records(claimsTopic).flat().length
  const snapshots = await checkSnapshots(world.log.records(claimsTopic), world.snapshots)
  const issued = await check(world)
  await checkCutLog(world)
  const { on: _, ...faults } = world.faults
  return { records, issued, snapshots, ...faults }
}

/** How many were issued. */
async function check(world: World): Promise<number> {
  assert.deepEqual(world.errors, [])
  const rows = await rowsOf(world)
  const coupons = fold(world)
  let issued = 0
  for (const sale of world.sales) {
    const coupon = coupons.get(sale.couponId)
    assert.ok(coupon)
    const own = rows.filter((row) => row.couponId === sale.couponId)
    checkRows(coupon, own)
    checkAnswers(world, { coupon, rows: own })
    // I6: everyone has asked until healed, so nothing may be left while someone went away empty.
    const expected = Math.min(coupon.quantity, sale.users.length)
    assert.equal(own.length, expected, `I6: ${own.length} of ${expected} issued`)
    issued += own.length
  }
  const again = await replayed(world.log)
  assert.deepEqual(await again.issuedRows({ limit: 100_000 }), rows, 'I7')
  const stored = await revocationsOf(world.store)
  const folded = [...coupons].map(([couponId, one]) => [couponId, one.revocations] as const)
  assert.deepEqual(stored, new Map(folded), 'I7: revokes')
  assert.deepEqual(await revocationsOf(again), stored, 'I7: revokes')
  await checkRevoked(world, coupons)
  checkEvents(world, rows, coupons)
  return issued
}

async function revocationsOf(store: CouponReads): Promise<Map<string, Coupon['revocations']>> {
  const { coupons } = await store.snapshot()
  return new Map(coupons.map(({ couponId, revocations }) => [couponId, revocations]))
}

/** What is looked up shows what the log has revoked, and nothing else. */
async function checkRevoked(world: World, coupons: Map<string, Coupon>): Promise<void> {
  for (const { couponId, revocations } of coupons.values()) {
    const held = await world.store.winners(couponId, { limit: 1_000 })
    const wrong = held.filter((one) => isRevoked(revocations, one.slot) !== (one.revoked ?? false))
    assert.deepEqual(wrong, [], 'I15')
  }
}

function rowsOf({ store }: World): Promise<IssuedRow[]> {
  return store.issuedRows({ limit: 100_000 })
}

/** Nobody starts on it, and an issuer that is started all the same writes nothing. */
async function checkCutLog(world: World): Promise<void> {
  const positions = [...(await world.store.positions())]
  const places = positions.map(([partition, { next }]) => {
    return placeAt(world.log, { reader: 'issuer', topic: claimsTopic, partition, next })
  })
  assert.ok((await cutBelow(world.log, places, world.random)) !== null, 'something was read')
  const before = await rowsOf(world)
  const { code } = Object(await stopsIssuer(world))
  assert.equal(code, 'log_damaged')
  assert.deepEqual(await rowsOf(world), before)
}

function fold(world: World): Map<string, Coupon> {
  const records = world.log.records(claimsTopic)
  const folded = createFold(records.length)
  for (const record of records.flat()) {
    const read = readRecord(folded, record)
    assert.equal(read.kind, 'message')
    if (read.kind === 'message') applyCommand(folded, read.message)
  }
  return folded.coupons
}

function checkRows(coupon: Coupon, rows: readonly IssuedRow[]): void {
  assert.ok(coupon.winners.size <= coupon.quantity, 'I1')
  assert.ok(rows.length <= coupon.quantity, 'I1')
  const winners = [...coupon.winners].map(([userId, won]) => ({ userId, ...won }))
  const issued = rows.map(({ userId, slot, claimId, offset, appendedAt }) => ({
    userId,
    slot,
    claimId,
    offset,
    appendedAt,
  }))
  assert.deepEqual(issued, winners, 'I2: the rows are the winners')
  assert.equal(new Set(rows.map((row) => row.userId)).size, rows.length, 'I3')
  assert.deepEqual(
    rows.map((row) => row.slot),
    rows.map((_, n) => n + 1),
    'I4',
  )
  const offsets = rows.map((row) => row.offset)
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
    'I4: in the order of the log',
  )
}

function checkAnswers(world: World, { coupon, rows }: { coupon: Coupon; rows: IssuedRow[] }): void {
  for (const [key, answers] of world.ledger) {
    const [couponId, userId] = key.split(' ')
    if (couponId !== coupon.couponId) continue
    const row = rows.find((r) => r.userId === userId)
    let won = false
    for (const told of answers) {
      const { answer } = told
      if (answer.kind === 'issued') {
        won = true
        assert.equal(answer.issued.slot, row?.slot, `I2: ${userId} was answered a slot`)
        assert.equal(answer.code, row?.code, `I2: ${userId} was answered a code`)
      } else if (answer.kind !== 'pending' && answer.kind !== 'unavailable') {
        assert.ok(!won, `I5: ${userId} was answered ${answer.kind} after issued`)
        assert.ok(isSettled(world, told, key), `I5: ${userId} may still have won`)
      }
    }
    const last = answers.at(-1)?.answer.kind
    assert.ok(last === 'issued' || last === 'sold_out', `I5: ${userId} ended with ${last}`)
    if (last === 'sold_out') assert.equal(row, undefined, `I5: ${userId} was answered sold out`)
  }
}

/** Whether a no that memory gave was said when no earlier claim of hers was written afterwards. */
function isSettled(world: World, told: Answered, key: string): boolean {
  if ('record' in told.answer && told.answer.record !== undefined) return true
  const [couponId = '', userId] = key.split(' ')
  return recordsOf(world, couponId).every(({ offset, value }) => {
    if (offset < told.end) return true
    const decoded = decodeMessage(value)
    if (decoded.kind !== 'message' || decoded.message.type !== 'coupon.claimed') return true
    const { message: claim } = decoded
    if (claim.couponId !== couponId || claim.userId !== userId) return true
    const accepted = world.accepted.get(claim.claimId)
    return accepted?.node !== told.node || accepted.at >= told.askedAt
  })
}

function checkEvents(
  world: World,
  rows: readonly IssuedRow[],
  coupons: ReadonlyMap<string, Coupon>,
): void {
  const events = world.log.records(couponEventsTopic).flat()
  const ids = new Set(events.map((event) => event.headers?.ce_id))
  assert.deepEqual(
    [...ids].toSorted(),
    [
      ...rows.map((row) => `coupon.issued/${row.couponId}/${row.slot}`),
      ...[...coupons.values()].flatMap(({ couponId, revocations }) => {
        const all = [...revocations.commands.values()].filter(({ taken }) => taken !== null)
        return all.map(({ commandId }) => `coupon.revoked/${couponId}/${commandId}`)
      }),
    ].toSorted(),
    'an event of every row and revoke, and of nothing else',
  )
}
