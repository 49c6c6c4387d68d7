// Wrongs planted in the log of orders alone, which no row contradicts: what a step answered does
// not follow from what others said.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AuditedWorld,
  auditWorld,
  placed,
  say,
  smallWorld,
} from '../../models/orders-audit.ts'

type Plants = Readonly<Record<string, readonly [(world: AuditedWorld) => Promise<void>, RegExp[]]>>

const orderId = 'dan-1'
const heldLines = [{ productId: 'tea', quantity: 1, unitPrice: 150 }]
const held = { type: 'stock.held', orderId, lines: heldLines } as const
const usedBefore = { type: 'coupon.refused', reason: 'coupon_already_used' } as const
const plantsInTheLogAlone: Plants = {
  'an order at another price': [
    (world) => {
      const cheap = [{ productId: 'tea', quantity: 1, unitPrice: 1 }]
      return say(world, placed(orderId, { tea: 1 }), { ...held, lines: cheap })
    },
    [/^I12 order dan-1: tea was held for 1, but costs 150$/],
  ],
  'an answer about an order that nobody placed': [
    (world) => say(world, held),
    [/^I10 order dan-1: a step has answered, but nobody has placed it$/],
  ],
  'an unused coupon refused as used': [
    (world) => say(world, placed('dan-1', { tea: 1 }, 1), { ...usedBefore, orderId }),
    [/^I13 order dan-1: coupon spring was refused as used, which no order has spent$/],
  ],
}

describe('an audit of the orders of a stopped service finds, and nothing else with it,', () => {
  for (const [name, [plant, expected]] of Object.entries(plantsInTheLogAlone)) {
    test(name, async () => {
      const world = await smallWorld()
      await plant(world)
      const { found } = await auditWorld(world, { now: null })
      const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
      assert.equal(texts.length, expected.length, texts.join('\n'))
      expected.forEach((shape, n) => assert.match(texts[n] ?? '', shape))
    })
  }
})
