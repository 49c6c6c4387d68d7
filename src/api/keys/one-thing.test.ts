import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { createGivenKeysMemory } from '../../adapters/memory/given-keys.ts'
import type { GivenKeys } from '../../ports/given-keys.ts'
import { PortError } from '../../ports/port-error.ts'
import type { Answer } from '../http/route.ts'
import { OneThing } from './one-thing.ts'

const reused = null
const made: Answer = { status: 201, body: {} }
const pending: Answer = { status: 202, body: {} }
const exists: Answer = { problem: 'coupon-exists' }
const stopping: Answer = { kind: 'unavailable', reason: 'stopping', retryAfterSeconds: 1 }
const forA = { key: 'k', givenFor: 'a' }
const forB = { key: 'k', givenFor: 'b' }

/** Two nodes on the same keys; what each has made, and what each was told of them. */
function nodes(shared: GivenKeys | null = createGivenKeysMemory()) {
  const clock = virtualClock(0)
  const said: string[] = []
  const onAway = ({ message }: PortError) => said.push(message)
  const node = () => new OneThing({ clock, shared: () => shared, onAway })
  return { clock, said, one: node(), other: node() }
}
const gives = (answer: Answer) => async () => answer
const never = async (): Promise<Answer> => assert.fail('something was made')

test('of two that ask for different things at once one is made, whichever node they ask', async () => {
  for (const isOneNode of [true, false]) {
    const { one, other } = nodes(isOneNode ? null : createGivenKeysMemory())
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const first = one.make(forA, () => promise)
    assert.deepEqual(await (isOneNode ? one : other).make(forB, never), reused)
    resolve(made)
    assert.deepEqual(await first, made)
    assert.deepEqual(await one.make(forB, never), reused)
    assert.deepEqual(await one.make(forA, gives(made)), made, 'the same again')
    assert.deepEqual(await one.make({ ...forB, key: 'l' }, gives(made)), made, 'another key')
  }
})

test('a key is free again where nothing came of it for certain, and only there', async () => {
  for (const answer of [exists, stopping]) {
    const { one, other } = nodes()
    assert.deepEqual(await one.make(forA, gives(answer)), answer)
    assert.deepEqual(await other.make(forB, gives(made)), made)
    assert.deepEqual(await one.make(forA, never), reused)
  }
  const { one, other } = nodes()
  assert.deepEqual(await one.make(forA, gives(pending)), pending)
  assert.deepEqual(await other.make(forB, never), reused)
  const broken = new Error('a bug')
  const broke = one.make({ ...forA, key: 'm' }, async () => Promise.reject(broken))
  await assert.rejects(broke, broken)
  assert.deepEqual(await other.make({ ...forB, key: 'm' }, never), reused)
})

test('one that came to nothing takes the key from nobody who asked for the same', async () => {
  for (const isOneNode of [true, false]) {
    const { one, ...others } = nodes(isOneNode ? null : createGivenKeysMemory())
    const other = isOneNode ? one : others.other
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const waits = one.make(forA, () => promise)
    assert.deepEqual(await other.make(forA, gives(stopping)), stopping)
    for (const node of [one, other]) assert.deepEqual(await node.make(forB, never), reused)
    resolve(stopping)
    await waits
    assert.deepEqual(await other.make(forB, gives(made)), made)
  }
})

test('where the nodes cannot be asked, each goes on by itself, soon', async () => {
  const away = new PortError('store_unavailable', 'nobody is there', { retryable: true })
  const none: GivenKeys = { take: () => Promise.reject(away), giveBack: () => Promise.reject(away) }
  const { one, other, said } = nodes(none)
  assert.deepEqual(await one.make(forA, gives(made)), made)
  assert.deepEqual(await one.make(forB, never), reused)
  assert.deepEqual(await other.make(forB, gives(exists)), exists)
  assert.deepEqual(said, Array(3).fill('nobody is there'))
  const silent = nodes({ take: () => new Promise(() => {}), giveBack: async () => {} })
  const answer = silent.one.make(forA, gives(made))
  await silent.clock.runUntil(1_000)
  assert.deepEqual(await answer, made)
  assert.deepEqual(silent.said, ['has not answered in time'])
  const starting = nodes(null)
  assert.deepEqual(await starting.one.make(forA, gives(made)), made)
  assert.deepEqual(starting.said, [])
})

test('as many keys as anybody makes up leave a bounded number', async () => {
  const { one } = nodes(null)
  for (let n = 0; n < 10_100; n++) await one.make({ key: `${n}`, givenFor: 'a' }, gives(made))
  assert.equal(one.size, 10_000)
})
