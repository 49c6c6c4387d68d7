import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { userIdOf } from '../user-id.ts'
import {
  amountMax,
  type CouponMessage,
  couponNameCharactersMax,
  decodeMessage,
  encodeMessage,
  type Terms,
} from './messages.ts'
import { quantityMax } from './quantity.ts'

const by = 'op-1'
const control = { couponId: 'spring-2026', by, commandId: 'op-1:key' }

/** Bytes are pinned: another version, or another language, reads exactly these. */
const wireForms: readonly (readonly [CouponMessage, string])[] = [
  [
    { type: 'coupon.claimed', couponId: 'spring-2026', userId: 'ann', claimId: 'c-1' },
    '{"type":"coupon.claimed","couponId":"spring-2026","userId":"ann","claimId":"c-1","v":1}',
  ],
  [
    { type: 'coupon.created', ...control, rules: 1, terms: { name: '봄 쿠폰', quantity: 100 } },
    '{"type":"coupon.created","couponId":"spring-2026","by":"op-1","commandId":"op-1:key",' +
      '"rules":1,"v":1,"name":"봄 쿠폰","quantity":100}',
  ],
  [
    {
      type: 'coupon.created',
      ...control,
      rules: 1,
      terms: {
        name: 'Spring',
        quantity: 1,
        opensAt: Date.UTC(2026, 2, 1, 1, 2, 3, 4),
        closesAt: Date.UTC(2026, 2, 2),
        discount: { kind: 'percent', value: 10 },
      },
    },
    '{"type":"coupon.created","couponId":"spring-2026","by":"op-1","commandId":"op-1:key",' +
      '"rules":1,"v":1,"name":"Spring","quantity":1,"opensAt":"2026-03-01T01:02:03.004Z",' +
      '"closesAt":"2026-03-02T00:00:00.000Z","discount":{"kind":"percent","value":10}}',
  ],
  [
    { type: 'coupon.restocked', ...control, add: 5 },
    '{"type":"coupon.restocked","couponId":"spring-2026","by":"op-1","commandId":"op-1:key",' +
      '"add":5,"v":1}',
  ],
  ...(['paused', 'resumed', 'closed'] as const).map((to): readonly [CouponMessage, string] => [
    { type: `coupon.${to}`, ...control },
    `{"type":"coupon.${to}","couponId":"spring-2026","by":"op-1","commandId":"op-1:key","v":1}`,
  ]),
  [
    {
      type: 'coupon.claimed',
      couponId: 'spring-2026',
      userId: 'ann',
      claimId: 'c-1',
      audience: '금',
    },
    '{"type":"coupon.claimed","couponId":"spring-2026","userId":"ann","claimId":"c-1",' +
      '"audience":"금","v":1}',
  ],
  [
    {
      type: 'coupon.created',
      ...control,
      rules: 2,
      terms: {
        name: 'Spring',
        quantity: 1,
        discount: { kind: 'percent', value: 10, max: 3_000 },
        minimum: 20_000,
        validUntil: Date.UTC(2026, 2, 2),
        audience: { attribute: 'tier', values: ['금', 'silver'] },
      },
    },
    '{"type":"coupon.created","couponId":"spring-2026","by":"op-1","commandId":"op-1:key",' +
      '"rules":2,"v":1,"name":"Spring","quantity":1,' +
      '"discount":{"kind":"percent","value":10,"max":3000},"minimum":20000,' +
      '"validUntil":"2026-03-02T00:00:00.000Z",' +
      '"audience":{"attribute":"tier","values":["금","silver"]}}',
  ],
]

describe('the wire form', () => {
  for (const [message, wire] of wireForms) {
    test(`of ${message.type} is written and read as pinned: ${wire.length} bytes`, () => {
      assert.equal(encodeMessage(message).toString(), wire)
      const decoded = decodeMessage(Buffer.from(wire))
      assert.deepEqual(decoded, { kind: 'message', message })
    })
  }

  test('of a claim is of version 2 where version 1 would take its user for none', () => {
    for (const userId of ['김철수', 'ann lee', '🎟'.repeat(128)]) {
      const message = { type: 'coupon.claimed', couponId: 'a', userId, claimId: 'c' } as const
      const wire = encodeMessage(message)
      assert.equal((JSON.parse(wire.toString()) as { v: number }).v, 2)
      assert.deepEqual(decodeMessage(wire), { kind: 'message', message })
    }
  })

  test('of a claim has what is declared, and nothing else that an object carries', () => {
    const message = { type: 'coupon.claimed', couponId: 'a', userId: 'b', claimId: 'c"' } as const
    for (const claim of [message, { ...message, audience: 'gold "1"' }]) {
      const carrying = { ...claim, arrivedAt: 12.5 }
      assert.equal(encodeMessage(carrying).toString(), JSON.stringify({ ...claim, v: 1 }))
    }
  })

  test('of any message reads back as that message', () => {
    fc.assert(
      fc.property(messages(), (message) => {
        // Made anew, because fast-check's records have no prototype.
        const expected = { kind: 'message', message: structuredClone(message) }
        assert.deepEqual(decodeMessage(encodeMessage(message)), expected)
      }),
    )
  })

  test('may carry fields that this version does not know; they are dropped', () => {
    const decoded = decode({ ...claimed, note: 'x', ['__proto__']: { v: 2 } })
    assert.deepEqual(decoded, { kind: 'message', message: wireForms[0]?.[0] })
  })

  test('of rules 1 is read as ever: what only rules 2 know is dropped, whatever it is', () => {
    const { discount: _, ...others } = wrongTerms
    const discount = { kind: 'percent', value: 10, max: 'much' }
    const message = wireForms[2]?.[0]
    assert.deepEqual(decode({ ...created, ...others, discount }), { kind: 'message', message })
  })

  test('is bounded where SQL and memory are', () => {
    const longest = { name: '쿠'.repeat(couponNameCharactersMax), quantity: quantityMax }
    assert.equal(decode({ ...created, ...longest }).kind, 'message')
    // Half of these characters are two UTF-16 units; JSON Schema counts each of them once.
    const emoji = { name: '🎟'.repeat(couponNameCharactersMax) }
    assert.equal(decode({ ...created, ...emoji }).kind, 'message')
    assert.equal(decode({ ...claimed, userId: 'u'.repeat(128) }).kind, 'message')
    assert.equal(decode({ ...claimed, couponId: 'c'.repeat(63) }).kind, 'message')
    assert.equal(decode({ ...claimed, claimId: 'c'.repeat(300) }).kind, 'message')
    assert.equal(
      decode({ ...created, discount: { kind: 'amount', value: amountMax } }).kind,
      'message',
    )
  })
})

const ruledTwice = parsed(8)
/** What only rules 2 know; each wrong in its own way. */
const wrongTerms = {
  minimum: -1,
  validUntil: 'soon',
  validDays: 0,
  audience: { attribute: 'tier', values: [] },
  discount: { kind: 'percent', value: 10, max: 0 },
}

const claimed = parsed(0)
const created = parsed(2)
const restocked = parsed(3)
const paused = parsed(4)

/** Each is a change to a good record that makes it void for every reader alike. */
const malformed: readonly (readonly [string, object])[] = [
  ['no couponId', { ...claimed, couponId: undefined }],
  ['couponId of another type', { ...claimed, couponId: 7 }],
  ['empty couponId', { ...claimed, couponId: '' }],
  ['couponId in capitals', { ...claimed, couponId: 'Spring' }],
  ['couponId from a hyphen', { ...claimed, couponId: '-spring' }],
  ['couponId too long', { ...claimed, couponId: 'c'.repeat(64) }],
  ['couponId with a line break', { ...claimed, couponId: 'spring\n' }],
  ['no userId', { ...claimed, userId: undefined }],
  ['userId of another type', { ...claimed, userId: ['ann'] }],
  ['empty userId', { ...claimed, userId: '' }],
  ['userId with a space in version 1', { ...claimed, userId: 'ann b' }],
  ['userId that is not ASCII in version 1', { ...claimed, userId: '앤' }],
  ['userId too long', { ...claimed, userId: 'u'.repeat(129) }],
  ['no claimId', { ...claimed, claimId: undefined }],
  ['claimId null', { ...claimed, claimId: null }],
  ['empty claimId', { ...claimed, claimId: '' }],
  ['claimId too long', { ...claimed, claimId: 'c'.repeat(301) }],
  ['claimId with a NUL, which SQL cannot store', { ...claimed, claimId: 'c\0' }],
  ['claimId with half a character', { ...claimed, claimId: 'c\ud800' }],
  ['created without by', { ...created, by: undefined }],
  ['created without commandId', { ...created, commandId: undefined }],
  ['no name', { ...created, name: undefined }],
  ['empty name', { ...created, name: '' }],
  ['name too long', { ...created, name: 'n'.repeat(couponNameCharactersMax + 1) }],
  ['name with a NUL', { ...created, name: 'n\0' }],
  ['name of another type', { ...created, name: { text: 'Spring' } }],
  ['no quantity', { ...created, quantity: undefined }],
  ['quantity 0', { ...created, quantity: 0 }],
  ['quantity below 0', { ...created, quantity: -1 }],
  ['quantity beyond the limit', { ...created, quantity: quantityMax + 1 }],
  ['quantity with a fraction', { ...created, quantity: 1.5 }],
  ['quantity as text', { ...created, quantity: '1' }],
  ['no rules', { ...created, rules: undefined }],
  ['rules 0', { ...created, rules: 0 }],
  ['rules as text', { ...created, rules: '1' }],
  ['rules beyond 2^53', { ...created, rules: 2 ** 53 }],
  ['opensAt null', { ...created, opensAt: null }],
  ['opensAt as a number', { ...created, opensAt: 1_772_326_923_004 }],
  ['opensAt that is no time', { ...created, opensAt: 'soon' }],
  ['opensAt that never was', { ...created, opensAt: '2026-02-30T00:00:00.000Z' }],
  [
    'opensAt without a zone, which each reader takes for its own',
    { ...created, opensAt: '2026-03-01T01:02:03.004' },
  ],
  ['opensAt as a date', { ...created, opensAt: '2026-03-01' }],
  ['opensAt as people write it', { ...created, opensAt: 'Mar 1 2026' }],
  ['opensAt in another zone', { ...created, opensAt: '2026-03-01T10:02:03.004+09:00' }],
  ['closesAt that is no time', { ...created, closesAt: '' }],
  ['closesAt at opensAt', { ...created, closesAt: '2026-03-01T01:02:03.004Z' }],
  ['closesAt before opensAt', { ...created, closesAt: '2026-02-01T00:00:00.000Z' }],
  ['discount null', { ...created, discount: null }],
  ['discount as a number', { ...created, discount: 10 }],
  ['discount of no kind', { ...created, discount: { value: 10 } }],
  ['discount of an unknown kind', { ...created, discount: { kind: 'gift', value: 10 } }],
  ['percent 0', { ...created, discount: { kind: 'percent', value: 0 } }],
  ['percent 101', { ...created, discount: { kind: 'percent', value: 101 } }],
  ['amount 0', { ...created, discount: { kind: 'amount', value: 0 } }],
  ['amount beyond the limit', { ...created, discount: { kind: 'amount', value: amountMax + 1 } }],
  ['amount with a fraction', { ...created, discount: { kind: 'amount', value: 0.5 } }],
  ['an audience that is no text', { ...claimed, audience: ['gold'] }],
  ['an empty audience', { ...claimed, audience: '' }],
  ...Object.entries(wrongTerms).map(([name, wrong]): [string, object] => {
    return [`wrong ${name} of rules 2`, { ...ruledTwice, [name]: wrong }]
  }),
  ['two ends of validity', { ...ruledTwice, validDays: 7 }],
  ['an audience without attribute', { ...ruledTwice, audience: { values: ['gold'] } }],
  ['an audience of numbers', { ...ruledTwice, audience: { attribute: 'tier', values: [1] } }],
  ['restock of nothing', { ...restocked, add: 0 }],
  ['restock of less', { ...restocked, add: -5 }],
  ['restock without add', { ...restocked, add: undefined }],
  ['restock beyond the limit', { ...restocked, add: quantityMax + 1 }],
  ['restock without commandId', { ...restocked, commandId: undefined }],
  ['pause without by', { ...paused, by: undefined }],
  ['pause without couponId', { ...paused, couponId: undefined }],
  ['resume without commandId', { ...paused, type: 'coupon.resumed', commandId: '' }],
  ['closing with by of another type', { ...paused, type: 'coupon.closed', by: 1 }],
]

const noRecords: readonly (readonly [string, Buffer])[] = [
  ['no bytes', Buffer.alloc(0)],
  ['text', Buffer.from('hello')],
  ['half of a record', encodeMessage(wireForm(0)).subarray(0, 40)],
  [
    'a byte order mark first',
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), encodeMessage(wireForm(0))]),
  ],
  [
    'broken UTF-8 inside a string',
    Buffer.from(
      '{"type":"coupon.claimed","v":1,"couponId":"a","userId":"a","claimId":"\xff"}',
      'latin1',
    ),
  ],
  ['null', Buffer.from('null')],
  ['a number', Buffer.from('1')],
  ['a string', Buffer.from('"coupon.claimed"')],
  ['an array', Buffer.from('[{"type":"coupon.claimed","v":1}]')],
  ['no type', Buffer.from('{"v":1}')],
  ['a type that is no text', Buffer.from('{"type":["coupon.claimed"],"v":1}')],
  ['a nest of 100,000 arrays', Buffer.from('['.repeat(100_000) + ']'.repeat(100_000))],
]

/** What this version cannot judge: skipping it could find other winners. */
const unknowns: readonly (readonly [string, object, RegExp])[] = [
  ['an unknown type', { ...claimed, type: 'coupon.gifted' }, /^unknown type "coupon.gifted"$/],
  ['gifting, which version 2 does not have', { ...paused, type: 'coupon.given' }, /given/],
  ['an empty type', { ...claimed, type: '' }, /^unknown type ""$/],
  ['a type in capitals', { ...claimed, type: 'Coupon.claimed' }, /unknown type/],
  ['a type named like a method', { ...claimed, type: 'constructor' }, /unknown type/],
  ['a type named like the prototype', { ...claimed, type: '__proto__' }, /unknown type/],
  ['a newer version', { ...claimed, v: 3 }, /^version 3 of coupon.claimed$/],
  ['version 2 of a user that 1 knows', { ...claimed, v: 2 }, /^version 2 of coupon.claimed$/],
  ['version 2 of no normal user', { ...claimed, v: 2, userId: 'e\u0301' }, /^version 2 of /],
  ['version 2 of no user', { ...claimed, v: 2, userId: '앤\u0007' }, /^version 2 of /],
  ['version 2 of a type that has none', { ...paused, v: 2 }, /^version 2 of coupon.paused$/],
  ['an older version', { ...claimed, v: 0 }, /version 0/],
  ['no version', { ...claimed, v: undefined }, /version/],
  ['a version as text', { ...claimed, v: '1' }, /version/],
  ['a version that resists being shown', { ...claimed, v: { toString: 1, toJSON: 1 } }, /version/],
  ['a newer version of other shape', { type: 'coupon.claimed', v: 2, who: 'ann' }, /version 2/],
  ['newer rules', { ...created, rules: 3 }, /^rules 3 of spring-2026$/],
  ['newer rules of other terms', { ...created, rules: 3, minimum: 'some' }, /^rules 3 of /],
]

describe('reading', () => {
  for (const [name, wire] of malformed) {
    test(`finds a record with ${name} void`, () => {
      const { type } = wire as { type: string }
      assert.deepEqual(decode(wire), { kind: 'void', reason: `malformed ${type}` })
    })
  }

  for (const [name, bytes] of noRecords) {
    test(`finds ${name} void`, () => {
      assert.equal(decodeMessage(bytes).kind, 'void')
    })
  }

  for (const [name, wire, reason] of unknowns) {
    test(`halts at ${name}`, () => {
      const decoded = decode(wire)
      assert.ok(decoded.kind === 'unknown', decoded.kind)
      assert.match(decoded.reason, reason)
    })
  }

  test('of any bytes at all gives an answer and never throws', () => {
    const pieces = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record({ base: fc.constantFrom(claimed, created, restocked, paused), change: fc.object() })
        .map(({ base, change }) => Buffer.from(JSON.stringify({ ...base, ...change }))),
      fc
        .tuple(fc.constantFrom(...Object.keys(created)), fc.jsonValue())
        .map(([key, value]) => Buffer.from(JSON.stringify({ ...created, [key]: value }))),
    )
    fc.assert(
      fc.property(pieces, (bytes) => {
        assert.ok(['message', 'void', 'unknown'].includes(decodeMessage(bytes).kind))
      }),
      { numRuns: 500 },
    )
  })
})

function wireForm(row: number): CouponMessage {
  const message = wireForms[row]?.[0]
  assert.ok(message !== undefined)
  return message
}

function parsed(row: number): Record<string, unknown> {
  return JSON.parse(encodeMessage(wireForm(row)).toString()) as Record<string, unknown>
}

function decode(wire: object): ReturnType<typeof decodeMessage> {
  return decodeMessage(Buffer.from(JSON.stringify(wire)))
}

function messages(): fc.Arbitrary<CouponMessage> {
  const couponId = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  const plain = text.filter((it) => !it.includes('\0') && it.length <= 300)
  const userId = fc
    .oneof(fc.stringMatching(/^[!-~]{1,128}$/), fc.string({ unit: 'binary', maxLength: 128 }))
    .map((name) => userIdOf(name) ?? 'ann')
  const controls = { couponId, by: plain, commandId: plain }
  return fc.oneof(
    fc.record({ type: fc.constant('coupon.claimed' as const), couponId, userId, claimId: plain }),
    fc.record({
      type: fc.constant('coupon.restocked' as const),
      ...controls,
      add: fc.integer({ min: 1, max: quantityMax }),
    }),
    fc.record({
      type: fc.constantFrom(
        'coupon.paused' as const,
        'coupon.resumed' as const,
        'coupon.closed' as const,
      ),
      ...controls,
    }),
    fc.record({
      type: fc.constant('coupon.created' as const),
      ...controls,
      rules: fc.constant(1),
      terms: termsOf(plain),
    }),
  )
}

function termsOf(text: fc.Arbitrary<string>): fc.Arbitrary<Terms> {
  const latest = Date.UTC(9999, 11, 31)
  const discount = fc.oneof(
    fc.record({ kind: fc.constant('percent' as const), value: fc.integer({ min: 1, max: 100 }) }),
    fc.record({
      kind: fc.constant('amount' as const),
      value: fc.integer({ min: 1, max: amountMax }),
    }),
  )
  return fc.record(
    {
      name: text.filter((it) => it.length <= couponNameCharactersMax),
      quantity: fc.integer({ min: 1, max: quantityMax }),
      opensAt: fc.integer({ min: 0, max: latest - 1 }),
      closesAt: fc.constant(latest),
      discount,
    },
    { requiredKeys: ['name', 'quantity'] },
  )
}
