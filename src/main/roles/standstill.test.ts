import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStandstill, type Place, standstillMsMax } from './standstill.ts'

function startWatch() {
  let now = 0
  const at: Place = { reader: 'issuer', topic: 'claims', partition: 1, next: 5 }
  const owned = [at]
  const bounds = [
    { start: 0, end: 3 },
    { start: 0, end: 9 },
  ]
  const says = createStandstill({
    clock: { monotonic: () => now },
    places: () => owned,
    ends: { of: () => bounds },
  })
  const after = (ms: number) => {
    now += ms
    return says()
  }
  return { at, owned, bounds, says, after }
}

test('a reader that has not moved for long, with more before it, stands still', () => {
  const { says, after, at } = startWatch()
  assert.equal(says(), null)
  assert.equal(after(standstillMsMax), null)
  const said = 'issuer stands still at 5 of 9 in partition 1 of claims'
  assert.equal(after(1), said)
  assert.equal(after(1_000), said)
  at.next = 6
  assert.equal(after(0), null)
  assert.equal(after(standstillMsMax), null)
})

test('one with nothing before it rests, however long, also before the log has said where it ends', () => {
  const { after, at, bounds } = startWatch()
  at.next = 9
  for (let n = 0; n < 3; n++) assert.equal(after(standstillMsMax), null)
  bounds[1] = { start: 0, end: 10 }
  assert.equal(after(standstillMsMax), null, 'it has only just come')
  bounds.length = 0
  assert.equal(after(2 * standstillMsMax), null)
})

test('one that moves on is not behind for long anywhere, and one that owns nothing nowhere', () => {
  const { after, at, owned } = startWatch()
  for (at.next = 5; at.next < 9; at.next++) assert.equal(after(standstillMsMax), null)
  at.next = 5
  after(0)
  owned.length = 0
  assert.equal(after(2 * standstillMsMax), null)
  owned.push(at)
  assert.equal(after(standstillMsMax), null, 'it has it anew')
})
