import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countedMax, couponsCountedMax, hashOf, ToldPeople } from './told-people.ts'

const quantity = 10

function toldTo(userIds: Iterable<string>): ToldPeople {
  const told = new ToldPeople()
  for (const userId of userIds) told.add('tea', quantity, userId)
  return told
}
function users(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`)
}
const reportOf = (told: ToldPeople) => told.report(() => quantity).tea ?? assert.fail('no report')

test('people are counted once, however often and at whichever node they were told', () => {
  const here = toldTo([...users('u', 700), ...users('u', 700)])
  const there = toldTo([...users('u', 100), ...users('v', 300)])
  assert.deepEqual(here.count('tea', quantity, []), { people: 700, isExact: true })
  const both = here.count('tea', quantity, [reportOf(there)])
  assert.deepEqual(both, { people: 1_000, isExact: true })
  assert.deepEqual(new ToldPeople().count('tea', quantity, [reportOf(there), reportOf(here)]), both)
  assert.deepEqual(here.count('tea', quantity, []), { people: 700, isExact: true })
})

test('of more than are kept the count is an estimate, also over nodes', () => {
  for (const prefix of ['u', 'user-0000', '사용자', '0193f0a2-7c1e-7b3a-9d4e-']) {
    const here = toldTo(users(prefix, 100_000))
    const there = toldTo(users(`${prefix}x`, 50_000))
    const { people, isExact } = here.count('tea', quantity, [reportOf(there)])
    assert.equal(isExact, false)
    assert.ok(Math.abs(people - 150_000) < 15_000, `${prefix}: ${people}`)
    assert.ok(reportOf(here).hashes.length <= 8 * countedMax)
  }
})

test('a restock begins anew, and what is closed or too many is forgotten', () => {
  const told = toldTo(users('u', 5))
  told.add('tea', quantity + 1, 'u1')
  assert.equal(told.count('tea', quantity, []).people, 0)
  assert.equal(told.count('tea', quantity + 1, []).people, 1)
  assert.deepEqual(
    told.report(() => undefined),
    {},
  )
  assert.equal(told.count('tea', quantity + 1, []).people, 0)
  for (const couponId of users('c', couponsCountedMax + 1)) told.add(couponId, quantity, 'u1')
  assert.deepEqual(
    Object.keys(told.report(() => quantity)),
    users('c', couponsCountedMax + 1).slice(1),
  )
})

test('ids that differ little have hashes that differ', () => {
  const hashes = new Set(users('u', 200_000).map(hashOf))
  assert.equal(hashes.size, 200_000)
  assert.ok(Math.max(...[...hashes].slice(0, 1_000)) < 2 ** 48)
})
