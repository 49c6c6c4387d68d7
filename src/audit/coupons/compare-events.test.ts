import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import {
  autumn,
  codeSecret,
  control,
  createSmallSale,
  deriveCodes,
  home,
  type Sale,
  sourceOf,
  spring,
} from '../../../test/models/small-sale.ts'
import { codeDeriver } from '../../domain/coupons/codes.ts'
import { encodeIssuedEvent, encodeRevokedEvent } from '../../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../../domain/coupons/messages.ts'
import type { IssuedRow } from '../../ports/coupons.ts'
import { audit } from '../audit.ts'

let sale: Sale

beforeEach(async () => {
  sale = await createSmallSale()
  for (const position of sale.sql.positions.values()) position.published = position.next
})

describe('an audit of the events finds nothing', () => {
  test('where each is there, in any order, and some again', async () => {
    const { rows } = sale.sql
    await publish([...rows.toReversed(), ...rows.slice(0, 2)])
    assert.deepEqual(await found(), [])
    assert.equal((await report()).counts.events, rows.length + 2)
  })

  test('of winners whose events may still come, nor of bytes that are no event', async () => {
    for (const position of sale.sql.positions.values()) position.published = 0
    await publish(sale.sql.rows.slice(0, 1))
    await append(spring, '{"slot":1}', 'not JSON', '[]')
    assert.deepEqual(await found(), [])
    assert.equal((await report()).counts.events, 1)
  })

  test('of the coupons beside the one that is asked for', async () => {
    await publish(sale.sql.rows.filter(({ couponId }) => couponId === autumn))
    const { fair, counts } = await report(autumn)
    assert.deepEqual([fair, counts.events], [true, 1])
    assert.equal((await report(spring)).fair, false)
  })
})

describe('an audit of the events finds', () => {
  test('one that is missing, though the rows say that it was published', async () => {
    await publish(sale.sql.rows.filter((row) => row !== sale.springRow(2)))
    assert.deepEqual(await found(), ['slot 2 of spring: the event is missing; bob won it'])
  })

  test('one in its turn that has another code than the row', async () => {
    const wrong = sale.springRow(2)
    const code = sale.springRow(3).code
    await publish(sale.sql.rows.map((row) => (row === wrong ? { ...row, code } : row)))
    assert.deepEqual(await found(), [
      'slot 2 of spring: the event has a code that is not the one derived for it',
    ])
  })

  test('one that is missing, though it was published before the rows were derived anew', async () => {
    const next = sale.sql.positions.get(home)?.next ?? 0
    sale.sql.positions.set(home, { next, published: 0, notified: next })
    await publish(sale.sql.rows.filter((row) => row !== sale.springRow(2)))
    assert.deepEqual(await found(), ['slot 2 of spring: the event is missing; bob won it'])
  })

  const planted: Record<string, (row: IssuedRow) => Partial<IssuedRow>> = {
    'another winner': () => ({ userId: 'mallory' }),
    'the winner of another slot': () => ({ userId: 'cat' }),
    'another slot': () => ({ slot: 3 }),
    'another claim': () => ({ claimId: 'claim-none' }),
    'another time': ({ appendedAt }) => ({ appendedAt: appendedAt + 1 }),
    'a coupon that there is not': () => ({ couponId: 'winter' }),
  }
  for (const [what, change] of Object.entries(planted)) {
    test(`one that names ${what}`, async () => {
      const row = sale.springRow(2)
      await publish([...sale.sql.rows, { ...row, ...change(row) }])
      const texts = await found()
      assert.equal(texts.length, 1)
      assert.match(
        texts[0] ?? '',
        /: the event names .* of the events\), which is not what the log/,
      )
    })
  }

  test('one with the code of another coupon', async () => {
    const { claimId } = sale.springRow(2)
    const code = codeDeriver(codeSecret)({ couponId: autumn, slot: 2, claimId, rules: 1 })
    await publish([...sale.sql.rows, { ...sale.springRow(2), code }])
    const text = 'slot 2 of spring: the event has a code that is not the one derived for it'
    assert.deepEqual(await found(), [text])
  })
})

describe('an audit of the events of revokes', () => {
  const event = {
    couponId: spring,
    commandId: 'v1',
    userId: 'bob',
    reason: 'why',
    taken: { from: 2, to: 2 },
    appendedAt: 3_000,
  }
  const at = (changes: Partial<typeof event>) => encodeRevokedEvent({ ...event, ...changes })

  beforeEach(async () => {
    await sale.append({ ...control('revoked', 'v1'), userId: 'bob', reason: 'why' })
    await sale.append({ ...control('revoked', 'v2'), userId: 'bob', reason: 'took nothing' })
    sale = { ...sale, sql: await sale.rowsUpTo(sale.ends()) }
    for (const position of sale.sql.positions.values()) position.published = position.next
    await publish(sale.sql.rows)
  })

  test('finds nothing where each that took something is there, and some again', async () => {
    await sale.log.append(couponEventsTopic, [at({}), at({})])
    assert.deepEqual(await found(), [])
  })

  test('finds one that is missing', async () => {
    assert.deepEqual(await found(), ['revoke v1 of spring: the event is missing'])
  })

  const planted = {
    'of another user': { userId: 'cat' },
    'of another slot': { taken: { from: 3, to: 3 } },
    'for another reason': { reason: 'other' },
    'at another time': { appendedAt: 2_999 },
    'that nobody commanded': { commandId: 'v9' },
    'of a coupon that there is not': { couponId: 'winter' },
  }
  for (const [what, changes] of Object.entries(planted)) {
    test(`finds one ${what}`, async () => {
      await sale.log.append(couponEventsTopic, [at({}), at(changes)])
      const [text, ...others] = await found()
      assert.match(text ?? '', /^revoke v[19] of \w+: the event \(.*\) is not what the log gives$/)
      assert.deepEqual(others, [])
    })
  }
})

async function publish(rows: readonly IssuedRow[]): Promise<void> {
  await sale.log.append(couponEventsTopic, rows.map(encodeIssuedEvent))
}

async function append(key: string, ...values: string[]): Promise<void> {
  const entries = values.map((value) => ({ key, value: Buffer.from(value) }))
  await sale.log.append(couponEventsTopic, entries)
}

function report(couponId?: string) {
  const openLog = async () => sale.log
  const parts = { source: sourceOf(sale.sql), openLog, clock: sale.clock, couponId }
  return audit({ ...parts, deriveCodes })
}

async function found(): Promise<string[]> {
  const { firstDifferences } = await report()
  for (const { invariant } of firstDifferences) assert.equal(invariant, 'I7')
  return firstDifferences.map(({ text }) => text)
}
