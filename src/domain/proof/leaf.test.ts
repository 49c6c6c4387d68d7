import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, couponIds } from '../../../test/models/any-log.ts'
import type { Entry } from '../../../test/models/naive-claims.ts'
import {
  checkpointOf,
  honestLeaves,
  keyOf,
  leavesOf,
  logOf,
  opensAt,
  ownKey,
  whoIn,
} from '../../../test/models/published-sale.ts'
import { canonicalJson, parseCanonical } from './canonical-json.ts'
import { couponOrigin } from './checkpoint.ts'
import { changedFields, publicFieldsOf } from './leaf.ts'
import { beginCheck, endCheck, takeLine } from './sale-check.ts'
import { saltOf, whoOf, whoPattern } from './who.ts'

test('The leaves of a sale are these, byte for byte.', () => {
  const leaves = honestLeaves()
  assert.equal(
    leaves[0],
    '{"at":"2026-05-01T09:00:00.000Z","closesAt":"2026-05-01T09:10:00.000Z","kind":"created",' +
      '"n":0,"name":"First sale","opensAt":"2026-05-01T09:00:10.000Z","quantity":3,"rules":1}',
  )
  const claim = `,"who":"${whoIn('first-sale', 'bob')}"}`
  const at = (second: number) => `{"at":"2026-05-01T09:00:${second}.000Z"`
  assert.equal(leaves[2], `${at(10)},"kind":"claim","n":2,"outcome":"issued","slot":1${claim}`)
  assert.equal(leaves[5], `${at(12)},"kind":"paused","n":5}`)
  assert.equal(leaves[10], `{"add":1,"at":"2026-05-01T09:00:20.000Z","kind":"restocked","n":10}`)
  assert.equal(leaves[15], `${at(32)},"ignored":true,"kind":"restocked","n":15}`)
})

test('An act that changes nothing is ignored: what is so already, twice, or after the close.', () => {
  const entries = logOf([
    [0, 'created', { name: 'a', quantity: 1, closesAt: opensAt }],
    [1, 'resumed'],
    [1, 'paused'],
    [2, 'paused'],
    [3, 'resumed'],
    [4, 'created', { name: 'b', quantity: 2 }],
    [10, 'closed'],
    [11, 'restocked', 1],
  ])
  const leaves = leavesOf(entries).get('first-sale') ?? []
  const ignored = leaves.flatMap((leaf, n) => (leaf.includes('"ignored":true') ? [n] : []))
  assert.deepEqual(ignored, [1, 3, 5, 6, 7])
})

test('Any log gives each coupon leaves that a verifier finds to be a sale.', () => {
  fc.assert(
    fc.property(anyLog(), (entries) => {
      for (const [couponId, leaves] of leavesOf(steady(entries))) {
        const name = couponOrigin('any', couponId)
        const checkpoint = checkpointOf(leaves, ownKey, name)
        const check = beginCheck({ couponId, keys: [keyOf(ownKey, name)], checkpoint })
        for (const leaf of leaves) takeLine(check, leaf)
        assert.deepEqual(endCheck(check), [], leaves.join('\n'))
      }
    }),
    { numRuns: 300 },
  )
})

/** An edit may set a time that a log which steps back has passed already: 0047. */
function steady(entries: readonly Entry[]): Entry[] {
  const types: readonly string[] = entries.map(({ message }) => message.type)
  if (!types.includes('coupon.edited')) return [...entries]
  let last = 0
  return entries.map((entry) => {
    last = Math.max(last, entry.appendedAt)
    return { ...entry, appendedAt: last }
  })
}

test('No leaf tells users, claims, operators or commands, or links two coupons.', () => {
  fc.assert(
    fc.property(anyLog(), (entries) => {
      const leaves = leavesOf(entries)
      const seen = new Map<string, string>()
      for (const [couponId, own] of leaves) {
        for (const leaf of own) {
          assert.doesNotMatch(leaf, /ann|bob|cat|dan|eve|claim-|"op"|create"|-x\d/)
          const [, who] = /"who":"([^"]*)"/.exec(leaf) ?? []
          if (who === undefined) continue
          assert.match(who, new RegExp(whoPattern))
          assert.equal(seen.get(who) ?? couponId, couponId, 'one "who" on two coupons')
          seen.set(who, couponId)
        }
      }
    }),
  )
})

test('All leaves of two coupons with the same users share no value but outcomes and slots.', () => {
  const users = Array.from({ length: 300 }, (_, n) => `user ${n}`)
  const valuesOf = (id: string, second: number) => {
    const steps: [number, string, (number | object)?][] = [
      [second, 'created', { name: id, quantity: 100 + second }],
      ...users.map((user, n): [number, string] => [second + n / 1000, user]),
    ]
    const entries = logOf(steps).map(({ message, appendedAt }): Entry => {
      return { message: { ...message, couponId: id }, appendedAt }
    })
    const leaves = leavesOf(entries).get(id) ?? []
    const own = leaves.map((leaf) => JSON.parse(leaf) as Record<string, unknown>)
    assert.equal(own.length, users.length + 1)
    const common = ['n', 'kind', 'outcome', 'slot', 'rules']
    const told = own.flatMap((leaf) => Object.entries(leaf))
    return new Set(told.filter(([name]) => !common.includes(name)).map(([, value]) => value))
  }
  const [spring, autumn] = [valuesOf('spring', 1), valuesOf('autumn', 9)]
  assert.ok(spring.size > users.length)
  assert.deepEqual([...spring.intersection(autumn)], [])
})

test('A user has one "who" on a coupon, and another one on every other and by other secrets.', () => {
  const all = couponIds.flatMap((couponId) =>
    ['ann', 'bob'].flatMap((userId) =>
      ['secret a', 'secret b'].map((secret) => whoOf(saltOf(secret, { couponId, userId }), userId)),
    ),
  )
  assert.equal(new Set(all).size, all.length)
  // As printed by: printf 'c\0u' | openssl dgst -sha256 -hmac k -binary > salt
  //                (cat salt; printf u) | openssl dgst -sha256 -binary | head -c 16 | base64
  assert.equal(whoOf(saltOf('k', { couponId: 'c', userId: 'u' }), 'u'), 'rAwc2AQ2ZHSH9L_uvV35hQ')
})

test('Of a control record only public fields are told, whatever kind it is.', () => {
  const wire = {
    type: 'coupon.revoked',
    v: 1,
    couponId: 'c',
    by: 'op',
    commandId: 'x',
    reason: 'fraud',
    userId: 'ann',
    preview: 'secret',
    add: 2,
    all: true,
    audience: { attribute: 'a' },
  }
  const told = publicFieldsOf(wire, (userId) => `who of ${userId}`)
  const audience = { attribute: 'a' }
  assert.deepEqual(told, { who: 'who of ann', add: 2, all: true, audience })
})

test('An edit tells what changed, and nothing where nothing did.', () => {
  const seen = { name: 'a', opensAt: 't1' }
  const edit = { name: 'a', opensAt: 't2', closesAt: 't3' }
  assert.deepEqual(changedFields(edit, seen), { opensAt: 't2', closesAt: 't3' })
  assert.equal(changedFields({ name: 'a' }, seen), null)
})

test('Canonical JSON is the one spelling of a value.', () => {
  const value = { b: [1, 'é\n"'], a: true, C: { z: -1, y: '' } }
  const text = '{"C":{"y":"","z":-1},"a":true,"b":[1,"é\\n\\""]}'
  assert.equal(canonicalJson(value), text)
  assert.deepEqual(parseCanonical(text), value)
  const others = [
    ' {}',
    '{"b":1,"a":1}',
    '{"a":1,"a":1}',
    '{"a":1.0}',
    '{"a":1e0}',
    '{"a":-0}',
    '{"a":"\\u0041"}',
    '{"a":null}',
    '{"a":1.5}',
    '',
  ]
  for (const one of others) assert.equal(parseCanonical(one), null, one)
})
