// docs/messages.md is what the declarations make, their JSON Schemas say what the domain reads and
// writes, and no topic or type is left out. Failures print the seed and the record.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { codeDeriver } from '../../src/domain/coupons/codes.ts'
import { encodeIssuedEvent } from '../../src/domain/coupons/coupon-events.ts'
import { claimsTopic, couponEventsTopic } from '../../src/domain/coupons/messages.ts'
import { quantityMax } from '../../src/domain/coupons/quantity.ts'
import type { Wire } from '../../src/domain/field.ts'
import { deadLetterEntry } from '../../src/domain/orders/dead-letter-records.ts'
import { type OrderPlaced } from '../../src/domain/orders/messages.ts'
import { readRetryNote, retryTopics } from '../../src/domain/orders/retries.ts'
import { userIdOf } from '../../src/domain/user-id.ts'
import { allTopics } from '../../src/main/roles/topics.ts'
import { runWorld } from '../models/orders-world.ts'
import { anyRecord, changesOf } from './any-record.ts'
import type { Entry } from './examples.ts'
import { messagesPage, pagePath } from './page.ts'
import { filled, isValid, type RecordType } from './record-type.ts'
import { retryExample, retryHeaderTexts } from './retry-topics.ts'
import { topicPages } from './topics.ts'

const anyUserId = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 128 })
  .map((name) => userIdOf(name) ?? 'ann')
const recordTypes = topicPages.flatMap(({ types }) => types)
const readTypes = recordTypes.filter(({ again }) => again !== undefined)

describe('docs/messages.md', () => {
  it('is what the declarations make: node test/messages/page.ts --write', () => {
    assert.equal(readFileSync(pagePath, 'utf8'), messagesPage())
  })

  it('shows every topic', () => {
    const shown = [...topicPages.map(({ topic }) => topic), ...retryTopics]
    assert.deepEqual(shown.toSorted(), [...allTopics].toSorted())
  })

  it('shows every header of the retry topics', () => {
    const { headers = {} } = retryExample()
    assert.notEqual(readRetryNote(headers), null)
    const added = Object.keys(headers).filter((name) => name.startsWith('firstcome-'))
    assert.deepEqual(Object.keys(retryHeaderTexts), added)
  })

  for (const type of recordTypes) {
    it(`shows a ${type.type} as it is written, with the key and headers that it says`, () => {
      checkEntry(type, type.example)
    })
  }
})

describe('the schemas of records', () => {
  for (const type of readTypes) {
    it(`say of ${type.type} what the domain reads and writes again`, () => {
      fc.assert(
        fc.property(anyRecord(type), (wire) => {
          assert.ok(isValid(type, wire), 'it keeps the schema')
          const entry = readAgain(type, wire)
          assert.ok(entry !== null, 'the domain reads it')
          assert.deepEqual(wireOf(entry), wire)
          checkEntry(type, entry)
        }),
        { numRuns: 200 },
      )
    })

    it(`refuse of ${type.type} what the domain refuses, and nothing else`, () => {
      fc.assert(
        fc.property(anyRecord(type), (wire) => {
          for (const { what, wire: changed, isWrong } of changesOf(type.schema, wire)) {
            const isRead = readAgain(type, changed) !== null
            if (isWrong) assert.ok(!isRead, `the domain reads it although ${what}`)
            const isKept = isValid(type, JSON.parse(JSON.stringify(changed)))
            assert.equal(isKept, isRead, `by the schema, when ${what}`)
          }
        }),
        { numRuns: 30 },
      )
    })

    it(`let a ${type.type} have fields that nobody knows, which are dropped`, () => {
      const wire = wireOf(type.example)
      const more = { ...wire, gift: true }
      assert.ok(isValid(type, more))
      const entry = readAgain(type, more)
      assert.deepEqual(entry === null ? null : wireOf(entry), wire)
    })
  }

  it('refuse records that break only one of the rules', () => {
    for (const [name, broken] of Object.entries(rulesBroken)) {
      const type = typeNamed(name)
      for (const change of broken) {
        const wire = { ...wireOf(type.example), ...change }
        const shapeOnly = { schema: type.schema, rules: [] }
        assert.ok(isValid(shapeOnly, wire), `${name} keeps the schema: ${JSON.stringify(change)}`)
        assert.ok(!isValid(type, wire), `${name} keeps the rules: ${JSON.stringify(change)}`)
        assert.equal(readAgain(type, wire), null)
      }
    }
    const ruled = recordTypes.filter(({ rules }) => rules.length > 0).map(({ type }) => type)
    assert.deepEqual(Object.keys(rulesBroken).toSorted(), ruled.toSorted())
  })

  it('hold for every event of a coupon that was won', () => {
    const codes = codeDeriver('a secret of at least thirty-two bytes')
    const won = fc.record({
      couponId: fc.constantFrom('a', 'spring-sale'),
      userId: anyUserId,
      slot: fc.integer({ min: 1, max: quantityMax }),
      claimId: fc.string({ minLength: 1, maxLength: 300 }),
      appendedAt: fc.date({ noInvalidDate: true }).map((date) => date.getTime()),
      rules: fc.constantFrom(1, 2),
    })
    fc.assert(
      fc.property(won, (one) => {
        checkEntry(typeNamed('coupon.issued'), encodeIssuedEvent({ ...one, code: codes(one) }))
      }),
    )
  })

  it('hold for every dead letter, whatever is in it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 1_200 })
    const failed = fc.record({
      consumer: fc.constantFrom('stock-step', 'issuer'),
      record: fc.record({
        key: fc.oneof(text, fc.constant('\ud800')),
        value: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        headers: fc.dictionary(text, text, { maxKeys: 3 }),
      }),
      origin: fc.record({
        topic: fc.constantFrom(...allTopics),
        partition: fc.nat(),
        offset: fc.maxSafeNat(),
        appendedAt: fc.maxSafeNat(),
      }),
      reason: text,
      attempts: fc.nat(1_000_000),
      redrivable: fc.boolean(),
      redrives: fc.nat(1_000_000),
    })
    const type = typeNamed('dead_letter.buried')
    fc.assert(fc.property(failed, (one) => checkEntry(type, deadLetterEntry(one).entry)))
  })

  it('hold for every record of worlds full of faults', () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 40; seed += 1) {
      const { topics } = runWorld(smallWorld(seed))
      for (const { value } of [...topics.orders, ...topics.steps].flat()) {
        const wire = JSON.parse(value.toString()) as Wire
        const type = typeNamed(String(wire.type))
        assert.ok(isValid(type, wire), `seed ${seed}: ${value.toString()}`)
        seen.add(type.type)
      }
    }
    const declared = topicPages.slice(0, 2).flatMap(({ types }) => types.map(({ type }) => type))
    assert.deepEqual([...seen].toSorted(), declared.toSorted())
  })
})

/** For each type with rules, changes to its example that keep the schema and break one of them. */
const rulesBroken: Readonly<Record<string, readonly Wire[]>> = {
  'coupon.created': [
    { opensAt: '2026-13-01T00:00:00.000Z' },
    { closesAt: '2026-02-30T00:00:00.000Z' },
    { rehearsal: true, v: 1 },
    { opensAt: '2026-05-01T09:00:00.000Z', closesAt: '2026-05-01T09:00:00.000Z' },
    { by: '🎟'.repeat(151) },
  ],
  'coupon.claimed': [{ claimId: '🎟'.repeat(151) }],
  'coupon.restocked': [{ commandId: '🎟'.repeat(151) }],
  'coupon.paused': [{ commandId: '🎟'.repeat(151) }],
  'coupon.resumed': [{ commandId: '🎟'.repeat(151) }],
  'coupon.closed': [{ commandId: '🎟'.repeat(151) }],
  'coupon.edited': [
    { by: '🎟'.repeat(151) },
    { opensAt: '2026-13-01T00:00:00.000Z' },
    { opensAt: '2026-05-03T00:00:00.000Z' },
  ],
  'coupon.revoked': [{ by: '🎟'.repeat(151) }, { all: true }],
  'order.placed': [
    {
      lines: [
        { productId: 'cup', quantity: 1 },
        { productId: 'cup', quantity: 2 },
      ],
    },
  ],
  'order.return_asked': [{ commandId: '🎟'.repeat(151) }],
  'order.payment_due': [{ total: 22_501 }, { subtotal: 0, discount: 1, total: 0 }],
  'redemption.placed': [{ by: '🎟'.repeat(151) }],
  'redemption.use': [{ commandId: '🎟'.repeat(151) }],
  'redemption.release': [{ by: '🎟'.repeat(151) }],
  'redemption.used': [{ total: 22_501 }, { subtotal: 0, discount: 1, total: 0 }],
  'stock.held': [
    {
      lines: [
        { productId: 'cup', quantity: 1, unitPrice: 1 },
        { productId: 'cup', quantity: 2, unitPrice: 1 },
      ],
    },
  ],
  'product.created': [{ by: '🎟'.repeat(151) }],
  'stock.added': [{ by: '🎟'.repeat(151) }],
  'wallet.topped_up': [{ commandId: '🎟'.repeat(151) }],
  'dead_letter.buried': [
    { consumer: 'coupon-step' },
    { deadLetterId: 'stock-step.orders.3.18' },
    { deadLetterId: 'stock-step.firstcome.orders.3.17' },
  ],
  'dead_letter.redriven': [{ by: '🎟'.repeat(151) }],
  'dead_letter.discarded': [{ by: '🎟'.repeat(151) }],
}

function checkEntry(type: RecordType, { key, value, headers }: Entry): void {
  const wire = JSON.parse(value.toString()) as Wire
  assert.ok(isValid(type, wire), value.toString())
  assert.equal(key, wire[type.topic.key])
  const { writer } = type.declared
  if (headers === undefined) return assert.equal(type.topic.topic, claimsTopic)
  const { ce_time: time, ...others } = headers
  assert.deepEqual(others, {
    ce_specversion: '1.0',
    ce_type: type.type,
    ce_source: `/firstcome/${typeof writer === 'string' ? writer : String(wire[writer.field])}`,
    ce_id: filled(type.eventId, wire),
    'content-type': 'application/json',
  })
  assert.equal(time, type.topic.topic === couponEventsTopic ? wireTime(wire) : undefined)
}

function wireTime({ issuedAt, revokedAt }: Wire): unknown {
  return issuedAt ?? revokedAt
}

function readAgain({ again }: RecordType, wire: Wire): Entry | null {
  return again?.(Buffer.from(JSON.stringify(wire))) ?? null
}

function wireOf({ value }: Entry): Wire {
  return JSON.parse(value.toString()) as Wire
}

function typeNamed(name: string): RecordType {
  const all = [...readTypes, ...recordTypes]
  const type = all.find((one) => one.type === name)
  assert.ok(type, name)
  return type
}

/** Ann has a coupon and some money; bob has neither, and his second order names no coupon. */
function smallWorld(seed: number): Parameters<typeof runWorld>[0] {
  const command = { by: 'op', commandId: 'op:1' }
  const order = (n: number, userId: string, quantity: number): OrderPlaced => ({
    type: 'order.placed',
    orderId: `o-${n}`,
    userId,
    lines: [{ productId: 'tea', quantity }],
    timeLimitMs: 20 + 40 * n,
  })
  const spring = { coupon: { couponId: 'spring', partition: 0, offset: 0 } }
  const discount = { kind: 'percent', value: 10 } as const
  return {
    seed,
    won: [
      { couponId: 'spring', userId: 'ann', offset: 0, discount },
      { couponId: 'summer', userId: 'dan', offset: 1, discount },
    ],
    redemptions: [1, 2, 3].map((n) => ({
      type: 'redemption.placed',
      orderId: `r-${n}`,
      userId: 'dan',
      coupon: { couponId: 'summer', partition: 0, offset: 1 },
      reference: 'cart-7',
      subtotal: 1_000,
      by: 'till',
      timeLimitMs: 50,
    })),
    supplies: [
      { type: 'product.created', productId: 'tea', name: 'Tea', price: 100, stock: 9, ...command },
      { type: 'wallet.topped_up', userId: 'ann', amount: 500, ...command },
    ],
    orders: [
      { ...order(1, 'ann', 1), ...spring },
      { ...order(2, 'ann', 10), ...spring },
      { ...order(3, 'bob', 1), ...spring },
      order(4, 'bob', 1),
      { ...order(5, 'ann', 1), ...spring },
      order(6, 'ann', 2),
    ],
    returns: [1, 5, 6].map((n) => ({
      type: 'order.return_asked',
      orderId: `o-${n}`,
      by: 'ann',
      commandId: 'c',
      withinMs: 1_000_000,
    })),
  }
}
