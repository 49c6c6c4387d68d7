import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fastify from 'fastify'
import type { CouponCreated } from '../../domain/coupons/messages.ts'
import { decodeMessage, encodeMessage } from '../../domain/coupons/messages.ts'
import { createFirstUses } from './first-uses.ts'
import { isCouponName, useValidation } from './validation.ts'

const names: [name: string, accepted: boolean][] = [
  ['Spring sale', true],
  ['봄맞이 쿠폰', true],
  ['!', true],
  ['🎟', true],
  ['é'.normalize('NFD'), true],
  ['a'.repeat(200), true],
  ['a'.repeat(201), false],
  ['🎟'.repeat(100), true],
  ['🎟'.repeat(101), false],
  ['', false],
  ['   ', false],
  ['\u00a0\u3000', false],
  ['\u200b\u200d\ufeff', false],
  ['a\u0000b', false],
  ['a\nb', false],
  ['a\u007f', false],
  ['a\u0085', false],
  ['a\ud83c', false],
  ['\udf9fa', false],
  ['\u3164', false],
  ['가\u3164나', false],
  ['\u115f\u1160', false],
  ['\uffa0', false],
  ['\u2800', false],
  ['\u2800\u2801', true],
  ['\u180e', false],
  ['\u034f', false],
  ['a\u00adb', false],
  ['a\u200bb', false],
  ['a\u2060b', false],
  ['a\ufeffb', false],
  ['\u{e0041}', false],
  ['\u200c\u200d\ufe0f', false],
  ['safe \u202egpj.exe', false],
  ['\u200fa', false],
  ['a\u061c', false],
  ['\u2066a\u2069', false],
  ['a\u2028b', false],
  ['👩\u200d💻', true],
  ['❤\ufe0f', true],
  ['🏴\u{e0067}\u{e0062}\u{e007f}', true],
  ['نامه\u200cای', true],
  ['שלום', true],
]

describe('a coupon name', () => {
  for (const [name, accepted] of names) {
    const shown = name.length > 30 ? `${name.length} units of ${name.slice(0, 2)}` : name
    test(`${accepted ? 'may' : 'may not'} be ${JSON.stringify(shown)}`, () => {
      assert.equal(isCouponName(name), accepted)
    })
  }

  test('that is accepted survives the log', () => {
    for (const [name] of names.filter(([, accepted]) => accepted)) {
      const message: CouponCreated = {
        type: 'coupon.created',
        couponId: 'c',
        terms: { name, quantity: 1 },
        rules: 1,
        by: 'operator',
        commandId: 'made-1',
      }
      assert.deepEqual(decodeMessage(encodeMessage(message)), { kind: 'message', message })
    }
  })
})

test('the first request of a kind holds up nobody by looking whether its schema is one', async (t) => {
  const looks = t.mock.method(Ajv2020.prototype, 'validateSchema')
  const app = fastify()
  t.after(() => app.close())
  useValidation(app, createFirstUses())
  const page = { type: 'object', properties: { limit: { type: 'integer', minimum: 1 } } }
  const body = { type: 'object', properties: { add: { type: 'integer' } } }
  app.post('/', { schema: { querystring: page, body } }, () => 'done')
  const answers = await Promise.all(
    ['/?limit=1', '/?limit=0'].map((url) => app.inject({ method: 'POST', url, body: { add: 1 } })),
  )
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 400],
  )
  assert.equal(looks.mock.callCount(), 0)
})
